"""`mangaobs query run` and `mangaobs query sql`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mangaobs.cli._project import project_options
from mangaobs.cli._queries import one_query, source_options
from mangaobs.cli._query_check import parsed
from mangaobs.errors import MangaobsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mangaobs.cli._findings import Named
    from mangaobs.insights import LogFile, Options, Policy, Result
    from mangaobs.languages.logs_insights.tree import Query


@click.command("run")
@source_options
@click.option("--recording", type=click.Path(path_type=Path), metavar="DIR", help="Log groups of a recording.")
@click.option("--logs", "logs", multiple=True, metavar="[GROUP=]FILE", help="Lines, exports, Parquet; a folder; -.")
@click.option("--log-group", "groups", multiple=True, metavar="NAME", help="Only these log groups.")
@click.option("--start", metavar="TIME", help="From here on: 2026-01-01T00:00:00Z, -2h, an epoch in ms.")
@click.option("--end", metavar="TIME", help="Up to here, inclusive.")
@click.option("--lookup", "lookups", multiple=True, metavar="NAME=FILE.csv", help="A lookup table.")
@click.option(
    "--engine", type=click.Choice(["duckdb", "cloudwatch"]), default="duckdb", show_default=True, help="What runs it."
)
@click.option("--region", help="With --engine cloudwatch.")
@click.option("--format", type=click.Choice(["table", "json", "csv"]), help="Else a table.")
@click.option("--typed", is_flag=True, help="Numbers in JSON are numbers, rather than text as CloudWatch gives it.")
@click.option("--chart", is_flag=True, help="Draw the rows of stats … by bin(…).")
@click.option("--explain", is_flag=True, help="Say which open questions of AWS's semantics the rows depend on.")
@click.option(
    "--policy", "policies", multiple=True, metavar="NAME=true|false", help="Answer such a question otherwise."
)
@click.option("--memory", type=click.IntRange(64), metavar="MB", help="Memory for the engine.  [default: 256]")
@project_options
def run(
    query: str | None,
    templates: tuple[Path, ...],
    parameters: tuple[str, ...],
    recording: Path | None,
    logs: tuple[str, ...],
    groups: tuple[str, ...],
    start: str | None,
    end: str | None,
    lookups: tuple[str, ...],
    engine: str,
    region: str | None,
    format: str | None,
    typed: bool,  # noqa: FBT001 - a flag of the command
    chart: bool,  # noqa: FBT001 - a flag of the command
    explain: bool,  # noqa: FBT001 - a flag of the command
    policies: tuple[str, ...],
    memory: int | None,
    project: Path | None,
    env: str | None,
    sets: tuple[str, ...],
) -> int:
    """Run a Logs Insights query: over a recording, over files, or on CloudWatch.

    QUERY is its text, a file, the name of a saved query, or - for standard input.

    \b
    Examples:
      mangaobs query run 'filter level = "ERROR" | stats count(*) by bin(5m)' --logs app.jsonl --chart
      mangaobs query run slowest-operations --recording recording/ --format json
      mangaobs query run 'stats count(*)' --engine cloudwatch --log-group /aws/lambda/message --start -1h
    """
    from mangaobs.insights import run as run_query

    one = one_query(query, templates, parameters, (project, env, sets))
    tree = parsed(one)
    _warn(one)
    now = int(time.time() * 1000)
    if engine == "cloudwatch":
        result = _on_cloudwatch(one.text, groups, _window(start or "-1h", end or "now", now), region)
        _print(result, format, typed=typed, chart=chart, query=tree)
        return 0
    options = _options(start, end, now, lookups, policies, memory)
    with tempfile.TemporaryDirectory(prefix="mangaobs-") as spool:
        files = _files(recording, logs, groups, Path(spool))
        result = run_query(tree, files, options)
        _end_progress(options)
        for note in result.notes:
            click.echo(f"note: {note}", err=True)
        _print(result, format, typed=typed, chart=chart, query=tree)
        if explain:
            _explain(tree, files, options, result)
    return 0


def _warn(one: Named) -> None:
    """Say what CloudWatch would refuse, before it is run here."""
    from mangaobs.cli._errors import describe
    from mangaobs.languages.logs_insights import check

    findings = check(one.text)
    for finding in findings:
        click.echo(describe(one.placed(finding.error), label=finding.severity), err=True)
    if any(finding.severity == "error" for finding in findings):
        raise MangaobsError("CloudWatch would refuse this query, or never give a row for it", right="see above")


def _window(start: str, end: str, now: int) -> tuple[int, int]:
    from mangaobs.insights import moment

    return moment(start, now), moment(end, now)


def _options(
    start: str | None,
    end: str | None,
    now: int,
    lookups: tuple[str, ...],
    policies: tuple[str, ...],
    memory: int | None,
) -> Options:
    from mangaobs.insights import MEMORY_MB, Options, Window, moment

    bounds = [None if text is None else moment(text, now) for text in (start, end)]
    if bounds[0] is not None and bounds[1] is not None and bounds[0] > bounds[1]:
        raise MangaobsError("--start is after --end", right="a start before the end")
    tables: dict[str, Path] = {}
    for one in lookups:
        name, sign, path = one.partition("=")
        if not sign or not Path(path).is_file():
            raise MangaobsError(f"--lookup {one!r} names no file", right="--lookup users=users.csv")
        tables[name] = Path(path)
    return Options(
        Window(now, *bounds),
        _policy(policies),
        memory_mb=memory or MEMORY_MB,
        lookups=tables,
        progress=_progress() if sys.stderr.isatty() else None,
    )


def _policy(given: tuple[str, ...]) -> Policy:
    from mangaobs.cli._options import answers
    from mangaobs.insights import QUESTIONS, Policy

    return Policy(**answers(given, QUESTIONS))


def _progress() -> Callable[[str, float], None]:
    began = time.monotonic()

    def told(what: str, share: float) -> None:
        if time.monotonic() - began > 1:
            done = f"{share:4.0%}" if share >= 0 else "  … "
            click.echo(f"\r\x1b[K{done} {what}", err=True, nl=False)

    return told


def _end_progress(options: Options) -> None:
    if options.progress is not None:
        click.echo("\r\x1b[K", err=True, nl=False)


def _files(recording: Path | None, logs: tuple[str, ...], groups: tuple[str, ...], spool: Path) -> list[LogFile]:
    from mangaobs.insights import given, recorded

    if recording is None and not logs:
        raise MangaobsError("logs are needed", right="--recording DIR, --logs FILE, or --engine cloudwatch")
    files = recorded(recording, groups) if recording else []
    found = given(logs, spool)
    if groups and not recording:
        found = [one for one in found if one.group in groups]
        if not found:
            raise MangaobsError(f"no file of --logs is of the log group {groups[0]!r}", right="--logs GROUP=FILE")
    if not (files or found):
        raise MangaobsError("the recording has no logs", right="files in its folder logs/")
    return [*files, *found]


def _on_cloudwatch(text: str, groups: tuple[str, ...], window: tuple[int, int], region: str | None) -> Result:
    from mangaobs.insights import cloudwatch

    if not groups and "source" not in text.lower():
        raise MangaobsError("a log group is needed", right="--log-group NAME, or SOURCE in the query")
    scanned = cloudwatch.run(
        cloudwatch.client(region), text, groups, *window, told=lambda line: click.echo(line, err=True)
    )
    click.echo(scanned.told, err=True)
    return scanned.result


def _explain(tree: Query, files: list[LogFile], options: Options, result: Result) -> None:
    from mangaobs.insights import QUESTIONS, depends

    found = depends(tree, files, options, result)
    if not found:
        click.echo("no question that AWS leaves open is touched", err=True)
    for name, changes in found.items():
        answer = str(getattr(options.policy, name)).lower()
        verdict = "the rows depend on it" if changes else "the rows are the same either way"
        click.echo(f"{name}={answer}: {QUESTIONS[name]}? {verdict}", err=True)


def _print(result: Result, format: str | None, *, typed: bool, chart: bool, query: Query) -> None:
    from mangaobs.cli import _rows

    if chart:
        _rows.chart(result, query)
    elif format == "json":
        _rows.as_json(result, typed=typed)
    elif format == "csv":
        _rows.as_csv(result)
    else:
        _rows.table(result)


@click.command("sql")
@source_options
@click.option("--dialect", type=click.Choice(["duckdb"]), default="duckdb", show_default=True)
@click.option("--recording", type=click.Path(path_type=Path), metavar="DIR", help="Log groups of a recording.")
@click.option("--logs", "logs", multiple=True, metavar="[GROUP=]FILE", help="Lines, exports, Parquet; a folder.")
@click.option(
    "--policy", "policies", multiple=True, metavar="NAME=true|false", help="Answer an open question otherwise."
)
@project_options
def sql(
    query: str | None,
    templates: tuple[Path, ...],
    parameters: tuple[str, ...],
    dialect: str,
    recording: Path | None,
    logs: tuple[str, ...],
    policies: tuple[str, ...],
    project: Path | None,
    env: str | None,
    sets: tuple[str, ...],
) -> int:
    """Print the SQL that a query becomes; without logs, over a file log_events.jsonl of events.

    What SQL has no words for (addresses, dates, base64 …) are functions of Python, called insights_….

    \b
    Example:
      mangaobs query sql 'stats avg(duration_ms) by operation' --logs app.jsonl
    """
    from mangaobs.insights import LogFile, macros
    from mangaobs.insights import sql as compiled

    del dialect
    one = one_query(query, templates, parameters, (project, env, sets))
    tree = parsed(one)
    _warn(one)
    options = _options(None, None, int(time.time() * 1000), (), policies, None)
    with tempfile.TemporaryDirectory(prefix="mangaobs-") as spool:
        if recording or logs:
            files = _files(recording, logs, (), Path(spool))
        else:
            path = Path(spool) / "log_events.jsonl"
            path.write_text('{"timestamp": 0, "message": "", "logStream": "", "ingestionTime": 0}\n')
            files = [LogFile(path, "events", "log_events")]
        text = compiled(tree, files, options).replace(f"{spool}/", "")
    click.echo(f"{macros()}\n{text}")
    return 0
