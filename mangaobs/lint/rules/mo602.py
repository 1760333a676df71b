"""A permission on a resource that the action does not know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mangaobs.lint import _policies, _words
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import listed
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Actions that only go with `Resource: "*"`."""
    without = {one.lower() for one in _words.of("actions.txt")}
    for one in _policies.statements(app, *_policies.IDENTITY):
        resources = listed(one.value.get("Resource"))
        if not one.allows or not resources or "*" in resources:
            continue
        for number_, action in enumerate(one.actions):
            if str(action).lower() not in without or _elsewhere(app, one, str(action)):
                continue
            several = isinstance(one.value.get("Action"), list)
            spot = Spot((*one.path, "Action", *((number_,) if several else ())))
            if any(
                isinstance(each, Unknown) and not re.search(r"arn:|\.Arn|StreamArn|\$\{[A-Za-z]+\.", each.expression)
                for each in resources
            ):
                what = f"{action} goes with Resource * alone, and what this is, is not known"
                yield Found("MO602", one.resource, what, spot=spot, verdict="unproven")
            else:
                what = f"{action} goes with Resource * alone: on anything else it allows nothing"
                yield Found("MO602", one.resource, what, 'a statement of its own with Resource: "*"', spot)


def _elsewhere(app: App, one: _policies.Statement, action: str) -> bool:
    """Whether another statement of the same resource allows it on everything."""
    return any(
        other.does(action) and "*" in listed(other.value.get("Resource"))
        for other in _policies.statements(app, one.resource.type)
        if other.resource is one.resource
    )
