"""Findings that are known and stay, each with its reason: in a template's Metadata, or in mangaobs.toml.

In a template, of a resource or of all of it:

    Metadata:
      mangaobs:
        ignore:
          - {rule: MO126, reason: the console is all that looks at it}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.errors import Place
from mangaobs.lint._found import Finding
from mangaobs.lint._rules import every_rule
from mangaobs.lint._settings import Ignored
from mangaobs.lint._values import inside, listed, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mangaobs.lint._settings import Settings
    from mangaobs.template import Template

UNUSED, WITHOUT_REASON, UNKNOWN = "MO001", "MO002", "MO003"


class Suppressions:
    """All that the templates and the settings ignore."""

    def __init__(self, ignored: Iterable[Ignored]) -> None:
        self._all: dict[tuple[str, str, str], tuple[Ignored, Place]] = {}
        self._used: set[tuple[str, str, str]] = set()
        for one in ignored:
            self._add(one, Place(one.place), "")

    def _add(self, one: Ignored, place: Place, file: str) -> None:
        """`file`: of the one template that it is for; `""` for all."""
        self._all.setdefault((one.rule, one.resource, file), (one, place))

    def read(self, template: Template) -> None:
        """Take what a template ignores."""
        for metadata, place in zip(template.metadata, template.metadata_places, strict=True):
            for rule, reason in _entries(metadata):
                self._add(Ignored(rule, reason), place, place.file)
        for resource in template.resources:
            for rule, reason in _entries(resource.metadata):
                place = resource.section("Metadata")
                self._add(Ignored(rule, reason, resource.id), place, place.file)

    def split(self, findings: Sequence[Finding]) -> tuple[list[Finding], list[Finding]]:
        """What stays, and what is suppressed. A suppression without a reason suppresses nothing."""
        kept: list[Finding] = []
        gone: list[Finding] = []
        for finding in findings:
            keys = [key for key, (one, _) in self._all.items() if _covers(one, key[2], finding)]
            (gone if keys else kept).append(finding)
            self._used.update(keys)
        return kept, gone

    def unused(self, looked: set[str], settings: Settings) -> list[Finding]:
        """What is to be said of the suppressions themselves; `looked` are the rules that had a look."""
        from mangaobs.lint._run import wanted

        made: list[Finding] = []
        for key, (one, place) in self._all.items():
            if one.rule not in every_rule():
                made.append(_about(UNKNOWN, one, place, f"there is no rule {one.rule}", "mangaobs rules names them"))
            elif not one.reason.strip():
                made.append(_about(WITHOUT_REASON, one, place, f"{one.rule} is ignored for no reason", "a reason"))
            elif key not in self._used and (one.rule in looked or wanted(one.rule, settings)):
                made.append(_about(UNUSED, one, place, f"{one.rule} is ignored, and finds nothing", "remove it"))
        return [one for one in made if wanted(one.rule, settings)]


def _covers(one: Ignored, file: str, finding: Finding) -> bool:
    if file not in ("", finding.place.file) or finding.verdict == "proven":
        return False
    return one.rule == finding.rule and one.resource in ("", finding.resource) and bool(one.reason.strip())


def _entries(metadata: object) -> list[tuple[str, str]]:
    found = listed(inside(metadata, "mangaobs").get("ignore"))
    return [
        (text(one.get("rule")) or "", text(one.get("reason")) or "") if isinstance(one, dict) else (str(one), "")
        for one in found
    ]


def _about(rule: str, one: Ignored, place: Place, message: str, right: str) -> Finding:
    path = f"/Resources/{one.resource}/Metadata/mangaobs/ignore" if one.resource else "/Metadata/mangaobs/ignore"
    severity = every_rule()[rule].severity
    return Finding(rule, severity, "refuted", one.resource, path, place, 0, message, right)
