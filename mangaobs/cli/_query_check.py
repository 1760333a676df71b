"""`mangaobs query check` and `mangaobs query format`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mangaobs.cli._findings import FINDINGS, told
from mangaobs.cli._project import project_options
from mangaobs.cli._queries import queries, source_options
from mangaobs.errors import MangaobsError

if TYPE_CHECKING:
    from collections.abc import Collection

    from mangaobs.cli._findings import Named
    from mangaobs.languages.logs_insights.tree import Query


@click.command("check")
@source_options
@click.option("--fields", type=click.Path(path_type=Path), metavar="FILE", help="The names of fields, one a line.")
@click.option("--recording", type=click.Path(path_type=Path), metavar="DIR", help="Hold fields against its log lines.")
@click.option(
    "--signals",
    type=click.Path(path_type=Path),
    metavar="TEMPLATE",
    help="Hold fields against what the handlers of this rendered template declare.",
)
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@project_options
def check(
    query: str | None,
    templates: tuple[Path, ...],
    parameters: tuple[str, ...],
    fields: Path | None,
    recording: Path | None,
    signals: Path | None,
    format: str,
    project: Path | None,
    env: str | None,
    sets: tuple[str, ...],
) -> int:
    """Say what CloudWatch would refuse in a query, and what it would silently do otherwise than it reads.

    QUERY is its text, a file, the name of a saved query, or - for standard input; without it, all saved queries.

    \b
    Examples:
      mangaobs query check 'filter level = "ERROR" | stats cuont(*) by bin(5m)'
      mangaobs query check errors.query --recording recording/
      mangaobs query check --template template.json --signals template.json
    """
    from mangaobs.languages.logs_insights import check as checked

    found = queries(query, templates, parameters, (project, env, sets))
    known = _known(fields, recording, signals)
    findings = [(one, checked(one.text, known)) for one in found]
    return told(findings, format)


def _known(fields: Path | None, recording: Path | None, signals: Path | None) -> Collection[str] | None:
    if fields is None and recording is None and signals is None:
        return None
    from mangaobs.cli import _query_fields

    known: set[str] = set()
    if fields:
        known |= _query_fields.of_file(fields)
    if recording:
        known |= _query_fields.of_recording(recording)
    if signals:
        known |= _query_fields.of_signals(signals)
    return known


@click.command("format")
@source_options
@click.option("--write", is_flag=True, help="Replace the file's text.")
@click.option("--check", "only_check", is_flag=True, help="Print nothing; exit with 1 if the text is not in style.")
@project_options
def format_(
    query: str | None,
    templates: tuple[Path, ...],
    parameters: tuple[str, ...],
    write: bool,  # noqa: FBT001 - a flag of the command
    only_check: bool,  # noqa: FBT001 - a flag of the command
    project: Path | None,
    env: str | None,
    sets: tuple[str, ...],
) -> int:
    """Print a query in one style: a command a line, comments kept. What it means stays the same.

    \b
    Examples:
      mangaobs query format errors.query --write
      echo 'fields a|filter b=1' | mangaobs query format -
    """
    from mangaobs.cli._queries import one_query
    from mangaobs.languages.logs_insights import format_query

    one = one_query(query, templates, parameters, (project, env, sets))
    formatted = format_query(parsed(one)) + "\n"
    if only_check:
        return FINDINGS if formatted.rstrip() != one.text.rstrip() else 0
    if write:
        if not one.file:
            raise MangaobsError("--write needs a file", right="mangaobs query format FILE --write")
        from mangaobs.cli._output import put

        put(formatted, Path(one.file))
    else:
        click.echo(formatted, nl=False)
    return 0


def parsed(one: Named) -> Query:
    """The query's tree; its errors name the file that it stands in."""
    from mangaobs.errors import LanguageError, ManyErrors
    from mangaobs.languages.logs_insights import parse

    try:
        return parse(one.text)
    except ManyErrors as many:
        for error in many.errors:
            if isinstance(error, LanguageError):
                one.placed(error)
        raise
    except LanguageError as error:
        raise one.placed(error) from None
