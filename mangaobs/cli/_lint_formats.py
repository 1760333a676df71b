"""Findings as text, JSON, SARIF, and annotations of GitHub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mangaobs import __version__
from mangaobs.cli._errors import excerpt, printable, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mangaobs.lint import Finding, Report

    Format = Callable[[Sequence[Finding], Report, Mapping[Path, str]], str]

_LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}
_KINDS: Final = {"refuted": "fail", "unproven": "open", "proven": "pass"}
_SARIF: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def text(findings: Sequence[Finding], report: Report, texts: Mapping[Path, str]) -> str:  # noqa: ARG001 - of all formats
    """A few lines each: where, what, the token, what would be right."""
    lines: list[str] = []
    for one in findings:
        label = one.severity if one.verdict == "refuted" else one.verdict
        where = shortened(one.place)
        assuming = f" (where {one.assuming})" if one.assuming else ""
        resource = f"{one.resource}: " if one.resource else ""
        lines.append(f"{label} {one.rule}: {where}: {resource}{printable(one.message)}{assuming}")
        if one.verdict != "proven":
            lines += excerpt(one.place, one.length, texts.get(Path(one.place.file)))
        if one.right:
            lines.append(f"right: {printable(one.right)}" + (" (--fix does it)" if one.fix else ""))
        if one.definition:
            lines.append(f"defined at {one.definition}")
    return "".join(f"{line}\n" for line in lines)


def as_json(findings: Sequence[Finding], report: Report, texts: Mapping[Path, str]) -> str:  # noqa: ARG001 - of all formats
    """A list of objects."""
    return json.dumps([_document(one) for one in findings], indent=2, ensure_ascii=False) + "\n"


def _document(one: Finding) -> dict[str, Any]:
    fix = None
    if one.fix is not None:
        fix = {"line": one.fix.place.line, "column": one.fix.place.column, "old": one.fix.old, "new": one.fix.new}
    return {
        "rule": one.rule,
        "severity": one.severity,
        "verdict": one.verdict,
        "resource": one.resource,
        "path": one.path,
        "file": str(shortened(one.place).file),
        "line": one.place.line,
        "column": one.place.column,
        "length": one.length,
        "message": one.message,
        "right": one.right or None,
        "fix": fix,
        "definition": one.definition or None,
        "assuming": one.assuming or None,
    }


def sarif(findings: Sequence[Finding], report: Report, texts: Mapping[Path, str]) -> str:  # noqa: ARG001 - of all formats
    """SARIF 2.1.0."""
    from mangaobs.lint import every_rule, text_of

    found = [*findings, *report.suppressed]
    used = sorted({one.rule for one in found})
    described = []
    for id_ in used:
        rule = every_rule()[id_]
        page = text_of(rule)
        described.append(
            {
                "id": id_,
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": f"{page.what} {page.why}"},
                "help": {"text": f"{page.what}\n\n{page.why}\n\n{' '.join(page.source)}"},
                "helpUri": page.source[0],
                "defaultConfiguration": {"level": _LEVELS[rule.severity]},
            }
        )
    results = [_result(one, used) for one in findings]
    results += [{**_result(one, used), "suppressions": [{"kind": "inSource"}]} for one in report.suppressed]
    driver = {"name": "mangaobs", "version": __version__, "rules": described}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _result(one: Finding, used: list[str]) -> dict[str, Any]:
    uri = Path(shortened(one.place).file).as_posix()
    region: dict[str, int] = {"startLine": max(one.place.line, 1), "startColumn": max(one.place.column, 1)}
    if one.length:
        region["endColumn"] = region["startColumn"] + one.length
    message = one.message + (f"; {one.right}" if one.right else "")
    result: dict[str, Any] = {
        "ruleId": one.rule,
        "ruleIndex": used.index(one.rule),
        "kind": _KINDS[one.verdict],
        "level": _LEVELS[one.severity] if one.verdict == "refuted" else "none",
        "message": {"text": message},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": uri}, "region": region},
                "logicalLocations": [{"name": one.resource, "fullyQualifiedName": one.path}],
            }
        ],
        "partialFingerprints": {"mangaobs/v1": f"{one.rule}:{one.path}"},
    }
    if one.fix is not None:
        deleted = {**region, "endColumn": region["startColumn"] + len(one.fix.old)}
        change = {"deletedRegion": deleted, "insertedContent": {"text": one.fix.new}}
        result["fixes"] = [{"artifactChanges": [{"artifactLocation": {"uri": uri}, "replacements": [change]}]}]
    return result


def github(findings: Sequence[Finding], report: Report, texts: Mapping[Path, str]) -> str:  # noqa: ARG001 - of all formats
    """Workflow commands, which GitHub shows beside the lines of a pull request."""
    lines = []
    for one in findings:
        command = {"error": "error", "warning": "warning", "info": "notice"}[one.severity]
        if one.verdict != "refuted":
            command = "notice"
        values = {"file": Path(shortened(one.place).file).as_posix(), "line": one.place.line, "col": one.place.column}
        if one.length:
            values["endColumn"] = one.place.column + one.length
        values["title"] = f"{one.rule} {one.resource}"
        properties = ",".join(f"{name}={_property(str(value))}" for name, value in values.items())
        message = one.message + (f"; {one.right}" if one.right else "")
        lines.append(f"::{command} {properties}::{_escaped(message)}\n")
    return "".join(lines)


def _escaped(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _escaped(value).replace(":", "%3A").replace(",", "%2C")


FORMATS: Final[Mapping[str, Format]] = {"text": text, "json": as_json, "sarif": sarif, "github": github}
