"""The command line: a group whose commands are imported only when they are used.

Exit codes: 0 all well, 1 something failed, 2 the command was misused, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import errno
from importlib import import_module
from typing import Any

import click

from . import __version__
from .errors import ColorizerError, InvalidSetting, UnknownModel
from .names import printable, suggestion

#: name -> what ``colorizer --help`` says of it; the command is called so in commands/<name>.py,
#: with underscores for dashes
COMMANDS = {
    "colorize": "Colour grayscale photographs.",
    "video": "Colour a film.",
    "watch": "Colour what is put into a folder.",
    "serve": "Start the web application.",
    "worker": "Work off the web application's queue.",
    "weights": "Find, fetch and check the networks' weights.",
    "doctor": "Check what the web application needs, and say what to do.",
    "info": "Show versions, devices, formats and weights.",
    "evaluate": "Measure the colours against true ones.",
    "train": "Train a network.",
    "train-refiner": "Train a second look at a network's answers.",
    "train-words": "Train a model of words on captioned photographs.",
    "prior": "Count the colours of photographs, for training.",
    "export": "Make weights of a training checkpoint.",
}

#: exit code of what Ctrl-C ended, as a shell reports it
STOPPED = 130
#: of disks, and of what else has a limit
_FULL = {errno.ENOSPC, errno.EDQUOT}


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            ctx.fail(f"No such command {name!r}.{suggestion(name, COMMANDS)}")
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.ClickException as error:
            _escape(error)
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; typed errors and Ctrl-C become a sentence on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            ctx.exit(STOPPED)
        except (InvalidSetting, UnknownModel) as error:
            raise click.UsageError(printable(str(error))) from error
        except ColorizerError as error:
            raise click.ClickException(printable(str(error))) from error
        except OSError as error:
            if error.errno not in _FULL:
                raise
            where = f" for {error.filename}" if error.filename else ""
            raise click.ClickException(printable(f"There is no room left{where}.")) from error
        except click.ClickException as error:
            _escape(error)
            raise


def _escape(error: click.ClickException) -> None:
    """Leave no control characters in a message but the line ends and tabs of click's lists."""
    vars(error)["message"] = "".join(c if c in "\n\t" else printable(c) for c in error.message)


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
    _log_to_stderr(ctx, verbose)


def _log_to_stderr(ctx: click.Context, verbose: int) -> None:
    import logging

    class Escaping(logging.Formatter):
        """Names of files are in messages."""

        def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
            record.message = printable(record.message)
            return super().formatMessage(record)

    if logging.lastResort is not None:  # it shows warnings where nobody wants a log
        logging.lastResort.setFormatter(Escaping())
    if not verbose:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(Escaping("%(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger(__package__)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if verbose == 1 else logging.DEBUG)

    def undo() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)

    ctx.call_on_close(undo)
