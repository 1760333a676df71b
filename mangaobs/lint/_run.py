"""Templates → findings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from mangaobs.lint import _suppress
from mangaobs.lint._app import App
from mangaobs.lint._found import Finding, Fix, Found
from mangaobs.lint._rules import ANY, Rule, every_rule
from mangaobs.lint._settings import Settings
from mangaobs.lint._values import inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mangaobs.errors import Place
    from mangaobs.lint._found import Spot
    from mangaobs.lint._observed import Observed
    from mangaobs.template import World

_Key = tuple[str, str, str, str, str, str]
_ORDER: Final = {"error": 0, "warning": 1, "info": 2}


class Report(NamedTuple):
    """The findings in the order of the files, what was suppressed, and which rules looked."""

    findings: list[Finding]
    suppressed: list[Finding]
    rules: list[str]


def lint(worlds: Iterable[World], settings: Settings | None = None, observed: Observed | None = None) -> Report:
    """Lint templates, as `mangaobs.template.worlds` reads them: the defaults first, then under each condition."""
    chosen = settings or Settings()
    found: dict[_Key, Finding] = {}
    absent: dict[_Key, int] = {}
    seen: dict[tuple[str, str], int] = {}
    used: dict[str, None] = {}
    suppressions = _suppress.Suppressions(chosen.ignored)
    for world in worlds:
        app = App(world.template, chosen, observed)
        suppressions.read(world.template)
        for resource in world.template.resources:
            if resource.condition is not False:
                name = (resource.place.file, resource.id)
                seen[name] = seen.get(name, 0) + 1
        for rule in _applying(app, chosen):
            used[rule.id] = None
            for one in rule.check(app):
                finding = _finding(app, rule, one, world.assuming)
                key = (
                    finding.rule, finding.place.file, finding.resource, finding.path, finding.message, finding.verdict,
                )  # fmt: skip
                found.setdefault(key, finding)
                if one.absence:
                    absent[key] = absent.get(key, 0) + 1
    findings = [
        _softened(one) if key in absent and absent[key] < seen[one.place.file, one.resource] else one
        for key, one in found.items()
    ]
    kept, suppressed = suppressions.split(findings)
    kept += suppressions.unused(set(used), chosen)
    return Report(sorted(kept, key=_order), sorted(suppressed, key=_order), list(used))


def _softened(finding: Finding) -> Finding:
    """What rests on an absence that other parameters fill is not proven."""
    if finding.verdict != "refuted":
        return finding
    return replace(finding, verdict="unproven", message=f"{finding.message}, as the parameters are")


def _order(finding: Finding) -> tuple[str, int, int, int, str]:
    return (finding.place.file, finding.place.line, finding.place.column, _ORDER[finding.severity], finding.rule)


def _applying(app: App, settings: Settings) -> Iterator[Rule]:
    types = app.template.types
    for rule in every_rule().values():
        if rule.types != (ANY,) and types.isdisjoint(rule.types):
            continue
        if wanted(rule.id, settings):
            yield rule


def wanted(rule: str, settings: Settings) -> bool:
    """Whether the settings ask for a rule."""
    if settings.select and not rule.startswith(settings.select):
        return False
    return not (settings.ignore and rule.startswith(settings.ignore))


def _finding(app: App, rule: Rule, found: Found, assuming: str) -> Finding:
    resource, spot = found.resource, found.spot
    place, length = _placed(app, found)
    fix = None
    if found.change is not None and place.line:
        written = resource.source_line(place.line)[place.column - 1 :]
        if written.startswith(found.change.old):
            fix = Fix(place, found.change.old, found.change.new)
    ours = inside(resource.metadata, "mangaobs")
    definition = f"{ours['file']}:{ours.get('line', 0)}" if "file" in ours else ""
    return Finding(
        rule=found.rule,
        severity=found.severity or rule.severity,
        verdict=found.verdict,
        resource=resource.id,
        path=_pointer(resource.id, spot),
        place=place,
        length=length,
        message=found.message,
        right=found.right,
        fix=fix,
        definition=definition,
        assuming=assuming,
    )


def _placed(app: App, found: Found) -> tuple[Place, int]:
    resource, spot = found.resource, found.spot
    if found.verdict == "proven":
        return resource.where(*spot.path), 0  # nobody is sent there
    if spot.inner is not None:
        body = next((one for one in app.bodies if one.resource is resource), None)
        offset, length = body.offset(spot.inner) if body is not None else (0, 0)
        if spot.offset is not None:
            offset, length = offset + spot.offset, spot.length
        return resource.where(*spot.path, offset=offset), length
    if not spot.path:
        return resource.section("Type"), len(resource.type)
    if spot.key:
        return resource.key(*spot.path), len(str(spot.path[-1]))
    if spot.offset is not None:
        return resource.where(*spot.path, offset=spot.offset), spot.length
    written = resource.text_of(*spot.path)
    if written is None or "\n" in written:
        return resource.where(*spot.path), spot.length
    return resource.where(*spot.path, offset=0), len(written)


def _pointer(resource: str, spot: Spot) -> str:
    steps = ["Resources", resource, *(["Properties", *spot.path] if spot.path else []), *(spot.inner or ())]
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
