"""`adain serve`."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from .. import shipped
from ..errors import OptionError
from ..stylizer import Stylizer
from . import options
from .printing import stderr_console


def serve(
    host: Annotated[str, Option(help="The address to listen on; 0.0.0.0 is every network.")] = "127.0.0.1",
    port: Annotated[int, Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    page: Annotated[
        Path | None, Option(help="A folder with index.html to show at /.", show_default="that of export/web, if built")
    ] = None,
    workers: Annotated[int, Option(min=1, help="Pictures that are worked on at once.")] = 2,
    queue: Annotated[int, Option(help="Requests that wait beside those; more are answered 503 at once.")] = 32,
    max_megabytes: Annotated[float, Option(help="Of a request's body.")] = 16,
    max_megapixels: Annotated[float, Option(help="Of each picture that is sent.")] = 24,
    max_painted: Annotated[float, Option(help="Megapixels that the network works on for one request.")] = 4,
    max_seconds: Annotated[float, Option(help="From the end of an upload to the picture.")] = 60,
    max_transfer: Annotated[float, Option(help="Seconds that an upload takes, and a reader for 64 KB.")] = 30,
    device: options.Device = "auto",
    threads: options.Threads = None,
    model: options.Model = None,
    quiet: options.Quiet = False,
) -> None:
    """Restyle pictures over HTTP.

    POST /stylize, GET /styles, /healthz, /metrics, and a description at /docs. SIGTERM or Ctrl-C ends it: what was
    accepted is answered first, unless Ctrl-C comes again. It has no passwords and no TLS: for others than yourself put
    a proxy before it.
    """
    options.need_extra("serve", "fastapi", "fastapi_offline", "python_multipart", "prometheus_client", "uvicorn")
    from ..service.app import create_app
    from ..service.limits import Limits
    from ..service.server import listen
    from ..service.server import serve as answer

    if page is not None and not (page / "index.html").is_file():
        raise OptionError(f"{page} has no index.html; give the folder that `npm run build` made in export/web")
    if page is None and (shipped.PAGE / "index.html").is_file():
        page = shipped.PAGE
    limits = Limits(max_megabytes, max_megapixels, max_painted, queue, max_seconds, max_transfer)
    stylizer = Stylizer(model, device, threads=threads)
    with listen(host, port) as listener:
        where = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
        console = stderr_console(quiet)
        console.print(f"{where}  {stylizer.contract.model} on {stylizer.device}, {where}/docs", markup=False)
        if not answer(create_app(stylizer, limits, page, workers), listener, limits):
            console.print("stopped at once; not everything that was accepted is answered", markup=False)
            raise typer.Exit(2)
        console.print("stopped; everything that was accepted is answered", markup=False)
