"""A dashboard whose body is no JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """The text of DashboardBody."""
    for body in app.bodies:
        if body.error is not None:
            spot = Spot(("DashboardBody",), body.error.pos, 1)
            yield Found("MO201", body.resource, f"the body is no JSON: {body.error.msg}", "JSON", spot)
        elif body.value is None and body.known:
            what = "the body is missing" if body.source is None else "the body is no object"
            yield Found("MO201", body.resource, what, '{"widgets": […]}', Spot.of("DashboardBody"))
        elif body.value is None:
            what = "the body is only known when it is deployed"
            yield Found("MO201", body.resource, what, spot=Spot.of("DashboardBody"), verdict="unproven")
