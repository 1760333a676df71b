"""A composite alarm over an alarm that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs import catalog
from mangaobs.languages import alarm_rule
from mangaobs.lint import _emission
from mangaobs.lint._app import ALARM, COMPOSITE
from mangaobs.lint._found import Change, Found, Spot
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._alarms import Composite
    from mangaobs.lint._app import App
    from mangaobs.template import Resource


def check(app: App) -> Iterator[Found]:
    """The names in rules, and of suppressors."""
    names = {str(one.name): one for one in app.of(ALARM, COMPOSITE) if isinstance(one.name, str)}
    ids = {one.id for one in app.of(ALARM, COMPOSITE)}
    for one in app.composites:
        if one.tree is not None:
            children = list(dict.fromkeys(alarm_rule.children(one.tree)))
            here = [child for child in children if child in names or child.strip("${}").split(".")[0] in ids]
            for child in children:
                if child not in here:
                    yield from _missing(one, child, names, some_here=bool(here))
        suppressor = one.resource.properties.get("ActionsSuppressor")
        if isinstance(suppressor, str) and app.find(suppressor, ALARM, COMPOSITE) is None:
            near = catalog.nearest(suppressor, names)
            if near and _emission.alike(suppressor, near):
                what = f"no alarm is called {suppressor!r}"
                yield Found("MO123", one.resource, what, f"did you mean {near}?", Spot.of("ActionsSuppressor"))


def _missing(one: Composite, child: str, names: dict[str, Resource], *, some_here: bool) -> Iterator[Found]:
    source = one.rule.expression if isinstance(one.rule, Unknown) else str(one.rule)
    spot = Spot.of("AlarmRule")._replace(offset=max(source.find(child), 0), length=len(child))
    if "${" in child:
        what = f"which alarm {child} is, is not known"
        yield Found("MO123", one.resource, what, spot=spot, verdict="unproven")
        return
    near = catalog.nearest(child, names)
    slip = near is not None and _emission.alike(child, near)
    what = f"no alarm of the templates is called {child!r}"
    if slip or some_here:
        right = f"did you mean {near}?" if near and slip else "the name of an alarm"
        change = Change(child, near) if near and slip and not isinstance(one.rule, Unknown) else None
        yield Found("MO123", one.resource, what, right, spot, change=change)
    else:
        yield Found("MO123", one.resource, what, "one of the account may be", spot, "unproven")
