"""`mangaobs match`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mangaobs.errors import MangaobsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.languages.filter_pattern import Policy, Verdict
    from mangaobs.recording import Bad, Message


@click.command("match")
@click.argument("pattern")
@click.option(
    "--events",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Events; - is standard input.",
)
@click.option("--recording", type=click.Path(path_type=Path), metavar="DIR", help="All events of a recording.")
@click.option("--log-group", "groups", multiple=True, metavar="NAME", help="Only these log groups of the recording.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--explain", is_flag=True, help="Say of every clause what it was held against.")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="NAME=true|false",
    help="Answer a question that AWS leaves open otherwise.",
)
def command(
    pattern: str,
    files: tuple[Path, ...],
    recording: Path | None,
    groups: tuple[str, ...],
    format: str,
    explain: bool,  # noqa: FBT001 - a flag of the command
    policies: tuple[str, ...],
) -> None:
    """Say which log events a filter pattern matches, and why.

    FILE holds lines, each a message; or what CloudTrail delivers ({"Records": …}), or what `aws logs filter-log-events`
    and `aws cloudtrail lookup-events` answer. Plain or gzip.

    \b
    Examples:
      mangaobs match '{ $.errorCode = "AccessDenied*" }' --events trail.json.gz
      mangaobs match '[ip, user, ..., status = 5*, size]' --events access.log --explain
      mangaobs match ERROR --recording recording/ --format json
    """
    from mangaobs.languages.filter_pattern import Matcher, parse
    from mangaobs.recording import Bad

    if bool(files) == bool(recording):
        raise MangaobsError("events are needed", right="--events FILE, or --recording DIR")
    if groups and not recording:
        raise MangaobsError("--log-group goes with --recording", right="--recording DIR")
    matcher = Matcher(parse(pattern), _policy(policies))
    bad = Bad()
    found = _recorded(recording, groups, bad) if recording else _read(files, bad)
    decided = ((one, matcher.match(one.text, explain=explain)) for one in found)
    if format == "json":
        _print_json(decided)
    else:
        _print_text(decided, explain=explain)
    for line in bad.lines[:10]:
        click.echo(f"not read: {line.place}: {line.why}", err=True)
    if bad.total:
        click.echo(f"{bad.total:,} not read", err=True)


def _policy(given: tuple[str, ...]) -> Policy:
    from mangaobs.cli._options import answers
    from mangaobs.languages.filter_pattern import QUESTIONS, Policy

    return Policy(**answers(given, QUESTIONS))


def _read(files: tuple[Path, ...], bad: Bad) -> Iterator[Message]:
    from mangaobs.recording import messages

    for path in files:
        yield from messages(path, bad)


def _recorded(folder: Path, groups: tuple[str, ...], bad: Bad) -> Iterator[Message]:
    """The events of log groups, then, if none is asked for, of CloudTrail."""
    import orjson

    from mangaobs.catalog import did_you_mean
    from mangaobs.recording import Message, Recording

    recording = Recording(folder)
    recording.bad = bad
    there = recording.log_groups()
    for group in groups:
        if group not in there:
            right = did_you_mean(group, there, ", ".join(there))
            raise MangaobsError(f"the recording has no log group {group!r}", right=right)
    for group in groups or there:
        for place, event in recording.logs(group):
            yield Message(event.message, place.file, place.line)
    if not groups:
        for trail in recording.cloudtrail():
            yield Message(orjson.dumps(trail.record).decode(), "cloudtrail")


def _print_json(decided: Iterator[tuple[Message, Verdict]]) -> None:
    """A list with an entry for every event, written as they come: there may be more than memory holds."""
    import orjson

    from mangaobs.languages.filter_pattern import Clause

    before = "["
    for index, (_, verdict) in enumerate(decided):
        entry: dict[str, object] = {
            "index": index,
            "matched": verdict.matched,
            "ambiguous": verdict.why_ambiguous,
            "extracted": verdict.extracted,
        }
        if verdict.clauses or verdict.reason:
            entry["reason"] = verdict.reason or None
            entry["clauses"] = [{name: getattr(one, name) for name in Clause.__slots__} for one in verdict.clauses]
        click.echo(before + "\n  " + orjson.dumps(entry).decode(), nl=False)
        before = ","
    click.echo("[]" if before == "[" else "\n]")


def _print_text(decided: Iterator[tuple[Message, Verdict]], *, explain: bool) -> None:
    total = matched = ambiguous = 0
    for message, verdict in decided:
        total += 1
        matched += verdict.matched
        ambiguous += bool(verdict.ambiguous)
        if not (verdict.matched or explain or verdict.ambiguous):
            continue
        mark = "match   " if verdict.matched else "no match"
        place = f"{message.file}:{message.line}" if message.line else message.file
        click.echo(f"{mark}  {place}  {_line(message.text)}")
        if explain and verdict.reason:
            click.echo(f"          because {verdict.reason}")
        for clause in verdict.clauses:
            click.echo(f"          {'✓' if clause.matched else '✗'} {clause.text}   [{_line(clause.found)}]")
        if verdict.why_ambiguous:
            click.echo(f"          ambiguous: {verdict.why_ambiguous}")
    note = f", {ambiguous:,} of the verdicts ambiguous" if ambiguous else ""
    click.echo(f"{matched:,} of {total:,} events match{note}", err=True)


def _line(text: str) -> str:
    """A text on one line that a terminal shows and does not obey."""
    short = text if len(text) <= 160 else f"{text[:157]}…"
    return "".join(one if one.isprintable() else "␤" if one == "\n" else "?" for one in short)
