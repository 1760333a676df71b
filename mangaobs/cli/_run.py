"""Runs a command and turns whatever goes wrong into a sentence and an exit code."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from mangaobs import __version__
from mangaobs.cli import COMMANDS
from mangaobs.errors import MangaobsError, ManyErrors

if TYPE_CHECKING:
    from collections.abc import Sequence

FINE, USAGE = 0, 2


class _Commands(click.Group):
    """The commands, each imported when it is called: `--help` loads none of what they need."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = import_module(f"mangaobs.cli.{module}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from mangaobs.catalog import did_you_mean

            right = did_you_mean(args[0], COMMANDS)
            ctx.fail(f"there is no command {args[0]!r}" + (f"; {right}" if right else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mangaobs")
def cli() -> None:
    """CloudWatch observability as Python, proven before it is deployed.

    \b
    Example:
      mangaobs render > template.json
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command; 0 fine, 1 findings, 2 usage or unreadable input. Never a traceback."""
    try:
        _use_utf8()
        code = cli.main(args=list(arguments), prog_name="mangaobs", standalone_mode=False)
        if sys.stdout is not None:  # None: it was closed before we started
            sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130
    except (BrokenPipeError, SystemExit):
        # Whoever reads has enough, as `| head` does. Click makes a SystemExit of it, and of nothing else here.
        _let_go_of_stdout()
        return FINE
    except MangaobsError as error:
        _print(error)
        return USAGE
    except OSError as error:
        # A full disk, a terminal that went away: no fault of the program, nor of a definition.
        _let_go_of_stdout()
        what = error.filename or "standard output"
        click.echo(f"error: {what}: {error.strerror or type(error).__name__}", err=True)
        return USAGE
    except Exception as error:
        if os.environ.get("MANGAOBS_DEBUG"):
            raise
        click.echo(_bug(error), err=True)
        return USAGE
    return code if isinstance(code, int) else FINE


def _use_utf8() -> None:
    """The same bytes whatever the locale and the system."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")


def _let_go_of_stdout() -> None:
    """What is left to write goes nowhere: Python would try again as it ends, and complain."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print(error: MangaobsError) -> None:
    from mangaobs.cli._errors import describe

    errors = error.errors if isinstance(error, ManyErrors) else [error]
    click.echo("\n".join(describe(one) for one in errors), err=True)
    if len(errors) > 1:
        click.echo(f"{len(errors)} errors", err=True)


def _bug(error: Exception) -> str:
    where = ""
    trace = error.__traceback__
    while trace is not None:  # the innermost line of ours: below it are libraries
        module = str(trace.tb_frame.f_globals.get("__name__"))
        if module.partition(".")[0] == "mangaobs":
            where = f" at {module}:{trace.tb_lineno}"
        trace = trace.tb_next
    # The message of an unexpected error may hold anything, so it is not printed.
    return (
        f"error: this is a bug in mangaobs: {type(error).__name__}{where}\n"
        "right: report it with the command; MANGAOBS_DEBUG=1 shows where it comes from"
    )
