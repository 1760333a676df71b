"""The generated documents: the alarm catalogue, a page per runbook, the references of configuration and functions.

`python -m mangaobs.project.documents` writes them to the project's `docs/`; `--check` says what is not current.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mangaobs.errors import DefinitionError, MangaobsError, Place, ProjectError, together
from mangaobs.model.alarm import Alarm, CompositeAlarm, MissingData, Severity, children
from mangaobs.model.trail import EventRule
from mangaobs.model.value import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from mangaobs.model.observability import Observability
    from mangaobs.model.query import SavedQuery
    from mangaobs.model.runbook import Runbook

_COMMAND = "python -m mangaobs.project.documents"
_MARK = "<!-- Generated from "
_TEMPLATE = "<template>"  # what Jinja2 calls the file of a template that came as text

_HEARS = {
    Severity.CRITICAL: "pages somebody now",
    Severity.WARNING: "opens a ticket",
    Severity.INFO: "is recorded",
}
_MISSING = {
    MissingData.MISSING: "missing",
    MissingData.NOT_BREACHING: "not breaching",
    MissingData.BREACHING: "breaching",
    MissingData.IGNORE: "state stays",
}


class Linked(msgspec.Struct, frozen=True):
    """What links to a runbook, in words: an alarm, a composite alarm or an event rule."""

    name: str
    kind: str
    severity: str
    summary: str
    condition: str


# The alarm catalogue


def alarm_catalogue(observability: Observability) -> str:
    """`docs/alarms.md`: every alarm by severity and area, the composites and the event rules."""
    parts = [*_catalogue_head(observability)]
    for severity in Severity:
        parts += _alarms_of(observability, severity)
    if observability.composites:
        parts += ["## Composite alarms", _composites(observability)]
    if observability.events:
        parts += ["## Event rules", _event_rules(observability)]
    return "\n\n".join(parts) + "\n"


def _catalogue_head(observability: Observability) -> Iterator[str]:
    naming = observability.naming
    yield "# Alarms"
    yield f"{_MARK}the definitions by `{_COMMAND}`: change them, not this page. -->"
    yield (
        f"Generated from the definitions of {naming.application} by `{_COMMAND}`, with the names and thresholds of"
        f" environment `{naming.environment}`. Deployed, an alarm is called `{naming.resource('NAME')}` and a query"
        f" `{naming.query('NAME')}`; `mangaobs query show NAME` prints one."
    )
    yield (
        '"Missing data" is what a period without data counts as. An alarm that pages *through* a composite opens a'
        " ticket itself; the composite pages, unless its suppressor is in ALARM already. *Account-wide* alarms are"
        " deployed once per account and region."
    )
    counts = [
        (
            severity.value,
            _HEARS[severity],
            *(str(sum(one.severity is severity for one in ones)) for ones in _every(observability)),
        )
        for severity in Severity
    ]
    yield _table(("severity", "what it does", "alarms", "composites", "event rules"), counts)


def _every(
    observability: Observability,
) -> tuple[tuple[Alarm, ...], tuple[CompositeAlarm, ...], tuple[EventRule, ...]]:
    return observability.alarms, observability.composites, observability.events


def _alarms_of(observability: Observability, severity: Severity) -> Iterator[str]:
    areas: dict[str, list[Alarm]] = {}
    for alarm in observability.alarms:
        if alarm.severity is severity:
            areas.setdefault(_area(observability, alarm), []).append(alarm)
    if areas:
        yield f"## {severity.value.capitalize()}: {_HEARS[severity]}"
    for area, alarms in sorted(areas.items()):
        yield f"### {severity.value.capitalize()}: {Path(area).stem.replace('_', ' ')}"
        yield f"Defined in `{area}`."
        yield _table(
            ("alarm", "what it says", "fires when", "missing data", "who hears", "runbook", "next query"),
            [_alarm_row(observability, alarm) for alarm in alarms],
        )


def _area(observability: Observability, alarm: Alarm) -> str:
    """The file that defines the alarm, relative to the project."""
    file = Path(alarm.place.file)
    return file.relative_to(observability.root).as_posix() if file.is_relative_to(observability.root) else file.name


def _alarm_row(observability: Observability, alarm: Alarm) -> tuple[str, ...]:
    return (
        _name(alarm),
        alarm.summary,
        _condition(alarm),
        _MISSING[alarm.treat_missing_data],
        _who_hears(observability, alarm),
        _runbook_link(alarm.runbook),
        _query_name(alarm.next_query),
    )


def _condition(alarm: Alarm) -> str:
    held = "" if alarm.evaluate_low_samples else "; with too few samples for the percentile its state stays"
    return alarm.describe() + held


def _who_hears(observability: Observability, alarm: Alarm) -> str:
    if not alarm.through:
        return _HEARS[alarm.severity]
    over = [
        f"`{composite.name}`"
        for composite in observability.composites
        if any(child.name == alarm.name for child in children(composite.rule))
    ]
    return f"{_HEARS[Severity.WARNING]}; pages through {', '.join(over) or f'`{alarm.through}`'}"


def _composites(observability: Observability) -> str:
    rows = [
        (
            _name(composite),
            composite.summary,
            composite.describe(),
            _suppressor(composite),
            _HEARS[composite.severity],
            _runbook_link(composite.runbook),
            _query_name(composite.next_query),
        )
        for composite in observability.composites
    ]
    head = ("composite", "what it says", "fires when in ALARM", "suppressed by", "who hears", "runbook", "next query")
    return _table(head, rows)


def _suppressor(composite: CompositeAlarm) -> str:
    if composite.suppressor is None:
        return ""
    return f"`{composite.suppressor.name}`: waits {composite.wait} s for it, and {composite.extension} s after it"


def _event_rules(observability: Observability) -> str:
    rows = [
        (_name(rule), rule.summary, _events(rule), _HEARS[rule.severity], _runbook_link(rule.runbook))
        for rule in observability.events
    ]
    return _table(("rule", "what it says", "fires at", "who hears", "runbook"), rows)


def _events(rule: EventRule) -> str:
    """The events of a rule in words: the calls that it is for, or else its sources."""
    detail = rule.pattern.get("detail")
    names = detail.get("eventName") if isinstance(detail, dict) else None
    sources = _listed(rule.pattern.get("source"))
    return f"{sources}: {_listed(names)}" if names else f"events of {sources}" if sources else "events of its pattern"


def _listed(values: object) -> str:
    return ", ".join(str(value) for value in values) if isinstance(values, list) else ""


def _name(one: Alarm | CompositeAlarm | EventRule) -> str:
    return f"`{one.name}`" + (" (account-wide)" if one.account_wide else "")


def _runbook_link(name: str) -> str:
    return f"[{name}](runbooks/{name}.md)"


def _query_name(name: str | None) -> str:
    return "" if name is None else f"`{name}`"


# A page per runbook


def runbook_page(observability: Observability, runbook: Runbook) -> str:
    """`docs/runbooks/NAME.md`: what links to the runbook, and its text.

    Raises `DefinitionError` at the line of the runbook where its template fails or names a query that does not exist.
    """
    linked = links_to(observability, runbook.name)
    source = f"alarms/runbooks/{runbook.name}.md"
    parts = [
        f"# {runbook.title}",
        f"{_MARK}{source} by `{_COMMAND}`: change it there. -->",
        runbook.summary,
        _table(
            ("alarm", "severity", "what it says", "fires when"),
            [(f"`{one.name}`", one.severity, one.summary, one.condition) for one in linked],
        ),
        _body(observability, runbook, linked).strip(),
    ]
    return "\n\n".join(parts) + "\n"


def links_to(observability: Observability, runbook: str) -> list[Linked]:
    """Every alarm, composite and event rule that links to `runbook`."""
    linked = [
        Linked(alarm.name, "alarm", alarm.severity.value, alarm.summary, _condition(alarm))
        for alarm in observability.alarms
        if alarm.runbook == runbook
    ]
    linked += [
        Linked(one.name, "composite", one.severity.value, one.summary, f"in ALARM: {one.describe()}")
        for one in observability.composites
        if one.runbook == runbook
    ]
    linked += [
        Linked(rule.name, "event rule", rule.severity.value, rule.summary, f"at once, at {_events(rule)}")
        for rule in observability.events
        if rule.runbook == runbook
    ]
    return linked


def _body(observability: Observability, runbook: Runbook, linked: list[Linked]) -> str:
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - Markdown, not HTML
    context = {
        "application": observability.naming.application,
        "environment": observability.naming.environment,
        "alarms": linked,
        "logs": _log_groups(observability.queries),
        "query": lambda name: _query_block(observability, name),
    }
    try:
        return environment.from_string(runbook.body).render(context)
    except jinja2.TemplateSyntaxError as error:
        raise _template_error(runbook, error.message or "is no template", error.lineno) from None
    except MangaobsError as error:
        raise _template_error(runbook, error.problem, _template_line(error), error.right) from None
    except Exception as error:  # noqa: BLE001 - whatever an expression in a template raises, it is the template's error
        raise _template_error(runbook, str(error) or type(error).__name__, _template_line(error)) from None


def _log_groups(queries: Iterable[SavedQuery]) -> list[str]:
    """Every log group that a saved query reads, once."""
    return list(dict.fromkeys(shown(group) for query in queries for group in query.log_groups))


def _query_block(observability: Observability, name: str) -> str:
    """The saved query as it is pasted into Logs Insights, under its deployed name."""
    queries = {query.name: query for query in observability.queries}
    if name not in queries:
        from mangaobs.catalog import nearest

        near = nearest(name, queries)
        raise DefinitionError(
            f"there is no query {name!r}", right=f"did you mean {near}?" if near else "one of the saved queries"
        )
    query = queries[name]
    lines = [f"**`{observability.naming.query(name)}`**: {query.summary}", ""]
    for one in query.parameters:
        lines += [f"Set `{one.name}` (here `{one.default}`): {one.description}", ""]
    return "\n".join([*lines, "```text", query.filled(), "```"])


def _template_line(error: BaseException) -> int:
    """The innermost line of the template that was being rendered."""
    line = 0
    traceback: TracebackType | None = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == _TEMPLATE:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _template_error(runbook: Runbook, problem: str, line: int, right: str = "") -> DefinitionError:
    place = runbook.place._replace(line=runbook.body_line + line - 1) if line else runbook.place
    return DefinitionError(f"runbook {runbook.name!r}: {problem}", right=right, place=place)


# Markdown


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# Files


def documents(observability: Observability, configuration: str = "") -> dict[str, str]:
    """Every generated document by its path in the project; `configuration` is the text of the reference.

    Raises with everything that is wrong in the runbooks.
    """
    texts = {"docs/alarms.md": alarm_catalogue(observability)}
    errors: list[MangaobsError] = []
    for name, runbook in sorted(observability.runbooks.items()):
        try:
            texts[f"docs/runbooks/{name}.md"] = runbook_page(observability, runbook)
        except MangaobsError as error:
            errors.append(error)
    if errors:
        raise together(errors)
    return texts | ({"docs/configuration.md": configuration} if configuration else {})


def not_current(root: Path, texts: Mapping[str, str]) -> list[str]:
    """What `write_documents` would change, a sentence for each file."""
    found = []
    for path, text in texts.items():
        written = _read(root / path)
        if written != text:
            found.append(f"{path} is not current" if written is not None else f"{path} is missing")
    return found + [f"{path} has no runbook any more" for path in _left_over(root, texts)]


def write_documents(root: Path, texts: Mapping[str, str]) -> list[str]:
    """Write what is not current and remove the pages of runbooks that are gone; gives the paths that changed."""
    changed = [path for path, text in texts.items() if _read(root / path) != text]
    for path in changed:
        _write(root / path, texts[path])
    left_over = _left_over(root, texts)
    for path in left_over:
        (root / path).unlink()
    return changed + left_over


def _left_over(root: Path, texts: Mapping[str, str]) -> list[str]:
    """Generated pages of runbooks that are no more; what a person put there stays."""
    pages = (page.relative_to(root).as_posix() for page in sorted((root / "docs" / "runbooks").glob("*.md")))
    return [page for page in pages if page not in texts and _MARK in (_read(root / page) or "")]


def _read(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ProjectError(f"cannot be read: {error.strerror}", place=Place(str(file))) from None


def _write(file: Path, text: str) -> None:
    """Replace `file` in one step: what was there stays whole if anything fails."""
    aside = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text, encoding="utf-8", newline="\n")
        aside.replace(file)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise ProjectError(f"cannot be written: {error.strerror}", place=Place(str(file))) from None


# The command


def of_project(root: Path) -> dict[str, str]:
    """The documents of the project at `root`, in its base environment."""
    from mangaobs.project._document import document
    from mangaobs.project.build import load_observability
    from mangaobs.project.functions import reference
    from mangaobs.project.load import load_definitions

    texts = documents(load_observability(root), document(load_definitions(root).thresholds()))
    functions = reference(root)
    return texts | ({"docs/handlers.md": functions} if functions else {})


def main(arguments: Sequence[str]) -> int:
    """Write the documents of the nearest project; with `--check` list what is not current and give 1."""
    from mangaobs.project.load import find_root

    if unknown := [argument for argument in arguments if argument != "--check"]:
        sys.stderr.write(f"error: there is no option {unknown[0]}\nright: {_COMMAND} [--check]\n")
        return 2
    try:
        root = find_root()
        texts = of_project(root)
        if not arguments:
            changed = write_documents(root, texts)
            sys.stderr.write("".join(f"wrote {path}\n" for path in changed) or "every document is current\n")
            return 0
        stale = not_current(root, texts)
    except MangaobsError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write("".join(f"{line}; run {_COMMAND}\n" for line in stale))
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
