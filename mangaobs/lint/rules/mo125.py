"""A composite alarm that is always, or never, in ALARM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.languages import alarm_rule
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Rules whose value no state of an alarm changes."""
    for one in app.composites:
        value = alarm_rule.constant(one.tree) if one.tree is not None else None
        if value is not None:
            what = f"the rule is {'true' if value else 'false'} in every state of its alarms"
            yield Found("MO125", one.resource, what, "a rule that depends on them", Spot.of("AlarmRule"))
