"""The command line: a group whose commands are imported only when they are used.

Exit codes: 0 all well, 1 something failed, 2 the command was misused, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from . import __version__
from .errors import ColorizerError, InvalidSetting, UnknownModel

#: name -> what ``colorizer --help`` says of it; the command is called so in commands/<name>.py,
#: with underscores for dashes
COMMANDS = {
    "colorize": "Colour grayscale photographs.",
    "serve": "Start the web application.",
    "worker": "Work off the web application's queue.",
    "weights": "Find, fetch and check the networks' weights.",
    "doctor": "Check what the web application needs, and say what to do.",
    "info": "Show versions, devices, formats and weights.",
    "evaluate": "Measure the colours against true ones.",
    "train": "Train a network.",
    "train-refiner": "Train a second look at a network's answers.",
    "prior": "Count the colours of photographs, for training.",
    "export": "Make weights of a training checkpoint.",
}


class LazyGroup(click.Group):
    """Commands by name; one is imported when it is called, none for the group's own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = cmd_name.replace("-", "_")
        command = getattr(import_module(f"{__package__}.commands.{module}"), module)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; typed errors become one sentence on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except (InvalidSetting, UnknownModel) as error:
            raise click.UsageError(str(error)) from error
        except ColorizerError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="colorizer")
@click.option("-v", "--verbose", count=True, help="Say more of what happens; twice: everything.")
@click.pass_context
def main(ctx: click.Context, verbose: int) -> None:
    """Colour grayscale photographs, on this machine, with their luminance untouched.

    \b
    colorizer colorize scan.tif -o scan.png
    colorizer colorize shoebox/ -o in-colour/
    """
    if verbose:
        _log_to_stderr(ctx, verbose)


def _log_to_stderr(ctx: click.Context, verbose: int) -> None:
    import logging

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger(__package__)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if verbose == 1 else logging.DEBUG)

    def undo() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)

    ctx.call_on_close(undo)
