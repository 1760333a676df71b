"""What was found in queries, as text and as JSON; and the short way to it.

Importing click takes longer than to check a query. An editor that checks on each save asks for one query and no more:
`quick` answers that without click, and leaves every other call to it.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from mangaobs.errors import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mangaobs.errors import LanguageError
    from mangaobs.languages.logs_insights import Finding

FINDINGS: Final = 1
_NAME: Final = re.compile(r"[A-Za-z0-9][\w./-]*")
_COMMANDS: Final = {"limit", "stats", "fields", "filter"}


class Named(NamedTuple):
    """A query: what it is called, its text, and the file and line where the text begins ("" and 0: nowhere)."""

    name: str
    text: str
    file: str = ""
    line: int = 1

    def placed(self, error: LanguageError) -> LanguageError:
        """The error with the place in the file that the query stands in."""
        place = error.place or Place("query")
        name = self.file or self.name
        error.place = Place(name, place.line + self.line - 1, place.column)
        return error


def is_name(query: str) -> bool:
    """Whether this is the name of a saved query, rather than the text of one."""
    return _NAME.fullmatch(query) is not None and query not in _COMMANDS


def quick(arguments: Sequence[str]) -> int | None:
    """`mangaobs query check QUERY [--format …]`, of a text or a file; None for every other call."""
    match arguments:
        case ["query", "check", query]:
            format = "text"
        case ["query", "check", query, "--format", ("text" | "json") as format]:
            pass
        case _:
            return None
    if query.startswith("-"):
        return None
    one = Named("query", query)
    if "\n" not in query and len(query) < 1000 and "|" not in query:
        try:
            with open(query, encoding="utf-8") as stream:  # noqa: PTH123 - pathlib is slow to load
                one = Named(query.rpartition("/")[2], stream.read(), query)
        except (OSError, ValueError):
            if is_name(query):
                return None
    if "{{" in one.text:
        return None
    from mangaobs.languages.logs_insights import check

    try:
        findings = [(one, check(one.text))]
    except Exception:  # noqa: BLE001 - a bug of ours: the long way says so
        return None
    try:
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
        code = told(findings, format)
        sys.stdout.flush()
    except BrokenPipeError:  # who reads has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    return code


def told(findings: list[tuple[Named, list[Finding]]], format: str) -> int:
    """Print what was found; 1 if any of it is an error."""

    def write(text: str) -> None:
        sys.stdout.write(f"{text}\n")

    if format == "json":
        _print_json(findings, write)
    else:
        _print_text(findings, write)
    return FINDINGS if any(one.severity == "error" for _, of_one in findings for one in of_one) else 0


def _print_text(findings: list[tuple[Named, list[Finding]]], write: Callable[[str], None]) -> None:
    from mangaobs.cli._errors import describe

    errors = warnings = 0
    for query, of_query in findings:
        for finding in of_query:
            error = query.placed(finding.error)
            errors += finding.severity == "error"
            warnings += finding.severity == "warning"
            offsets = f"characters {error.start} to {error.end}"
            write(describe(error, label=finding.severity, aside=offsets))
    many = f"{len(findings)} queries" if len(findings) != 1 else "1 query"
    sys.stderr.write(f"{many} checked: {errors} errors, {warnings} warnings\n")


def _print_json(findings: list[tuple[Named, list[Finding]]], write: Callable[[str], None]) -> None:
    import json

    document = [
        {
            "query": query.name,
            "severity": finding.severity,
            "message": finding.error.problem,
            "right": finding.error.right or None,
            "line": error.place.line if error.place else None,
            "column": error.place.column if error.place else None,
            "startCharOffset": error.start,
            "endCharOffset": error.end,
        }
        for query, of_query in findings
        for finding in of_query
        for error in [query.placed(finding.error)]
    ]
    write(json.dumps(document, indent=2, ensure_ascii=False))
