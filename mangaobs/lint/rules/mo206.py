"""An alarm on a dashboard that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs import catalog
from mangaobs.lint import _emission
from mangaobs.lint._app import ALARM, COMPOSITE
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.lint._bodies import Body


def check(app: App) -> Iterator[Found]:
    """The ARNs of alarm widgets and of annotations."""
    names = {str(one.name) for one in app.of(ALARM, COMPOSITE) if isinstance(one.name, str)}
    for body in app.bodies:
        for number_, widget in body.widgets:
            properties = inside(widget, "properties")
            lists = {
                ("alarms",): properties.get("alarms"),
                ("annotations", "alarms"): inside(properties, "annotations").get("alarms"),
            }
            for path, given in lists.items():
                found = [
                    (at, one) for at, one in enumerate(given if isinstance(given, list) else []) if isinstance(one, str)
                ]
                here = [one for _, one in found if _is_here(app, body, one)]
                for at, one in found:
                    if one in here:
                        continue
                    spot = body.at("widgets", number_, "properties", *path, at)
                    yield from _missing(body, one, names, spot, some_here=bool(here))


def _is_here(app: App, body: Body, value: str) -> bool:
    return app.find(body.word(value), ALARM, COMPOSITE) is not None


def _missing(body: Body, value: str, names: set[str], spot: Spot, *, some_here: bool) -> Iterator[Found]:
    name = value.partition(":alarm:")[2]
    if body.is_unknown(value):
        yield Found("MO206", body.resource, f"which alarm {value} is, is not known", spot=spot, verdict="unproven")
    elif not name:
        yield Found("MO206", body.resource, f"{value!r} is no ARN of an alarm", "arn:aws:cloudwatch:…:alarm:…", spot)
    else:
        near = catalog.nearest(name, names)
        slip = near is not None and _emission.alike(name, near)
        what = f"no alarm of the templates is called {name!r}"
        if slip or some_here:
            yield Found(
                "MO206", body.resource, what, f"did you mean {near}?" if slip else "an alarm of the templates", spot
            )
        else:
            yield Found("MO206", body.resource, what, "one of the account may be", spot, "unproven")
