"""One role for several functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._app import FUNCTIONS
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.template import Resource


def check(app: App) -> Iterator[Found]:
    """Each function then may do what any of them needs."""
    first: dict[str, Resource] = {}
    for function in app.of(*FUNCTIONS):
        role = function.properties.get("Role")
        if role is None:
            continue  # SAM makes one for it
        found = app.find(role, "AWS::IAM::Role")
        name = found.id if found is not None else str(role)
        other = first.setdefault(name, function)
        if other is not function:
            what = f"{function.id} has the role of {other.id}, {name}"
            yield Found("MO604", function, what, "a role for each function", Spot.of("Role"))
