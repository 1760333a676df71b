"""`mangaobs query`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

import click

from mangaobs.cli._options import pairs
from mangaobs.cli._project import load, project_options
from mangaobs.cli._queries import saved_query

if TYPE_CHECKING:
    from pathlib import Path

    from mangaobs.model.query import SavedQuery


_LAZY: Final = {
    "check": ("_query_check", "check", "Say what CloudWatch would refuse in a query."),
    "format": ("_query_check", "format_", "Print a query in one style."),
    "run": ("_query_run", "run", "Run a query over a recording, files, or on CloudWatch."),
    "sql": ("_query_run", "sql", "Print the SQL that a query becomes."),
}


class _Commands(click.Group):
    """The commands about queries; the larger ones are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *_LAZY]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _LAZY:
            return super().get_command(ctx, cmd_name)
        module, name, _ = _LAZY[cmd_name]
        found: click.Command = getattr(import_module(f"mangaobs.cli.{module}"), name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = [(name, one.get_short_help_str()) for name in super().list_commands(ctx) if (one := self.commands[name])]
        with formatter.section("Commands"):
            formatter.write_dl([*own, *((name, text) for name, (_, _, text) in _LAZY.items())])


@click.group("query", cls=_Commands)
def command() -> None:
    """List, show, check, format and run Logs Insights queries.

    \b
    Examples:
      mangaobs query list
      mangaobs query show request --param request_id=c6af9ac6
      mangaobs query check 'stats count(*) by bin(5m)'
      mangaobs query run slowest-operations --recording recording/
    """


@command.command("list")
@project_options
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def list_(project: Path | None, env: str | None, sets: tuple[str, ...], format: str) -> None:
    """List every saved query with its parameters.

    \b
    Example:
      mangaobs query list --format json
    """
    observability = load(project, env, sets)
    if format == "json":
        _print_json([_described(query, observability.naming.query(query.name)) for query in observability.queries])
        return
    width = max((len(query.name) for query in observability.queries), default=0)
    for query in observability.queries:
        parameters = ", ".join(f"{one.name}={one.default}" for one in query.parameters)
        click.echo(f"{query.name:{width}}  {query.summary}" + (f"  [{parameters}]" if parameters else ""))


@command.command("show")
@click.argument("name")
@project_options
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help="Fill in a parameter.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(
    name: str,
    project: Path | None,
    env: str | None,
    sets: tuple[str, ...],
    parameters: tuple[str, ...],
    format: str,
) -> None:
    """Show a saved query's text, ready to run: its parameters filled in with their defaults or with --param.

    \b
    Example:
      mangaobs query show near-timeouts --param percent=90
    """
    observability = load(project, env, sets)
    queries = {query.name: query for query in observability.queries}
    query = saved_query(name, queries)
    arguments = pairs("--param", parameters, "percent=90")
    filled = query.filled(dict(arguments))
    if format == "json":
        _print_json(_described(query, observability.naming.query(query.name)) | {"text": filled})
    else:
        for one in query.parameters:
            value = " ".join(str(arguments.get(one.name, one.default)).split())  # a comment is one line
            click.echo(f"# {one.name} = {value}: {one.description or one.type}")
        click.echo(filled)


def _described(query: SavedQuery, deployed: str) -> dict[str, object]:
    from mangaobs.model.value import shown

    return {
        "name": query.name,
        "deployed_as": deployed,
        "summary": query.summary,
        "log_groups": [shown(group) for group in query.log_groups],
        "parameters": [
            {"name": one.name, "type": one.type, "default": one.default, "description": one.description}
            for one in query.parameters
        ],
    }


def _print_json(document: object) -> None:
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
