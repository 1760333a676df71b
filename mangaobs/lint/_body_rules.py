"""The findings of the dashboard body's checker, by the rule that reports them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.languages import dashboard_body
from mangaobs.lint._found import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mangaobs.lint._app import App
    from mangaobs.lint._bodies import Body
    from mangaobs.lint._found import Step

# Rules that look at the values of fields: of one that is only filled in later, nothing can be said.
_OF_VALUES: Final = frozenset({"type", "value", "range", "statistic", "label", "R1", "R2", "R3", "R10", "R11", "R15"})


def rule(id_: str, *names: str) -> Callable[[App], Iterator[Found]]:
    """The check of a rule that reports what the checker calls `names`."""

    def check(app: App) -> Iterator[Found]:
        for body in app.bodies:
            for finding in app.once(_findings)[id(body)]:
                if finding.rule not in names:
                    continue
                inner = steps(finding.path)
                value = _at(body.value, inner)
                if not body.known and finding.rule in _OF_VALUES and _touches_unknown(body, value):
                    continue
                if finding.rule == "R16" and "publish" in finding.message:
                    continue  # MO101 and MO102, for alarms and widgets alike
                severity = "error" if finding.level == "error" else "warning"
                yield Found(id_, body.resource, finding.message, spot=body.at(*inner), severity=severity)  # type: ignore[arg-type]

    return check


def _findings(app: App) -> dict[int, list[dashboard_body.Finding]]:
    """By body, so that all of the rules check it once."""
    return {id(one): dashboard_body.check(one.value) if one.value is not None else [] for one in app.bodies}


def steps(pointer: str) -> tuple[Step, ...]:
    """The steps of a JSON pointer, numbers as such."""
    parts = [one.replace("~1", "/").replace("~0", "~") for one in pointer.split("/")[1:]]
    return tuple(int(one) if one.isdecimal() else one for one in parts)


def _at(value: object, inner: tuple[Step, ...]) -> object:
    for step in inner:
        if isinstance(value, dict):
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _touches_unknown(body: Body, value: object) -> bool:
    if isinstance(value, dict):
        return any(
            body.is_unknown(one) or (isinstance(one, (dict, list)) and _touches_unknown(body, one))
            for one in value.values()
        )
    if isinstance(value, list):
        return any(_touches_unknown(body, one) for one in value)
    return body.is_unknown(value)
