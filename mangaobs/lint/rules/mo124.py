"""Composite alarms that wait for one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.languages import alarm_rule
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Cycles stop the evaluation, and neither alarm can be deleted."""
    composites = {str(one.resource.name): one for one in app.composites}
    children = {
        name: [child for child in alarm_rule.children(one.tree) if child in composites] if one.tree else []
        for name, one in composites.items()
    }
    reported: set[str] = set()
    for name, one in composites.items():
        path = _cycle(name, children)
        if path and not reported & set(path):
            reported |= set(path)
            what = f"{' → '.join([*path, path[0]])} is a cycle"
            right = "AlarmRule: FALSE breaks it"
            yield Found("MO124", one.resource, what, right, Spot.of("AlarmRule"))


def _cycle(start: str, children: dict[str, list[str]]) -> list[str]:
    """The way from `start` back to it; nothing if there is none."""
    stack, seen = [(start, [start])], set()
    while stack:
        name, path = stack.pop()
        for child in children[name]:
            if child == start:
                return path
            if child not in seen:
                seen.add(child)
                stack.append((child, [*path, child]))
    return []
