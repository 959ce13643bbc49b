"""The command line: parse, call, print. Heavy packages are imported inside the commands that need them."""

import logging
import sys
from typing import Annotated, NoReturn

import typer
from typer import Option

from .. import __version__
from ..errors import AdaINError
from .bench import bench
from .evaluate import evaluate
from .export import export, info
from .printing import complain
from .stylize import styles, stylize
from .train import train

app = typer.Typer(
    help="Restyle any picture after any painting, at once, with one network (AdaIN, arXiv 1703.06868).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (stylize, styles, train, export, evaluate, bench, info):
    app.command()(command)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> NoReturn:
    """The console script: our errors are one line on stderr and exit code 2."""
    logging.basicConfig(format="adain: %(message)s", level=logging.WARNING)
    try:
        app(prog_name="adain")
    except AdaINError as error:
        complain(str(error))
        sys.exit(2)
    except OSError as error:  # a full disk, a folder without rights, a closed pipe
        complain(f"{error.filename or 'the output'} cannot be written or read ({error.strerror or error})")
        sys.exit(2)
    sys.exit(0)
