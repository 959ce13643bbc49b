"""The command line: parse, call, print. Heavy packages are imported inside the commands that need them."""

import logging
import sys
from typing import Annotated, Any, NoReturn, cast

import typer
from typer import Option

from .. import __version__
from ..errors import AdaINError, OptionError
from ..stopping import interruptible
from .bench import bench
from .dataset import dataset
from .evaluate import evaluate
from .export import export, info
from .live import live
from .printing import complain
from .serve import serve
from .sheet import sheet
from .streams import end_stdout, open_streams
from .stylize import styles, stylize
from .train import train
from .video import video

# typer does not export it.
UsageError = cast(type[Exception], typer.BadParameter.__mro__[1])

app = typer.Typer(
    help="Restyle any picture after any painting, at once, with one network (AdaIN, arXiv 1703.06868).",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (stylize, sheet, styles, dataset, video, live, serve, train, export, evaluate, bench, info):
    app.command()(command)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context, version: Annotated[bool, Option("--version", help="Print the version.")] = False
) -> None:
    if version:
        typer.echo(__version__)
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> NoReturn:
    """The console script: our errors are one line on stderr and exit code 2."""
    open_streams()
    logging.basicConfig(format="adain: %(message)s", level=logging.WARNING)
    try:
        if "" in sys.argv[1:]:  # a path of it would be the present folder
            raise OptionError(
                "an argument is empty, as where a variable of the shell is not set; fill it or leave it out"
            )
        with interruptible():
            code = app(prog_name="adain", standalone_mode=False)
        sys.stdout.flush()
    except UsageError as error:
        complain(_in_one_line(error))
    except AdaINError as error:
        complain(str(error))
    except ModuleNotFoundError as error:
        complain(f"the package {error.name} is missing; install it: pip install {error.name}")
    except SystemExit:  # typer and rich end so, without a word, where the reader of a pipe has gone
        end_stdout()
        complain("the output cannot be written (its reader has gone)")
    except OSError as error:  # a full disk, a folder without rights, a closed stream
        end_stdout()
        complain(f"{error.filename or 'the output'} cannot be written or read ({error.strerror or error})")
    else:
        sys.exit(code)
    sys.exit(2)


def _in_one_line(error: Exception) -> str:
    """A mistake in the options as typer tells it, and what came if that is left out."""
    told: Any = error
    text = " ".join(told.format_message().split()).replace("Value error, ", "")
    if hasattr(told.__cause__, "errors"):  # pydantic's
        came = repr(told.__cause__.errors()[0]["input"])
        text = text if came in text else f"{text}; {came} came"
    path = told.ctx.command_path if told.ctx else "adain"
    return f"{text.removesuffix('.')}; see {path} --help"
