"""ForAllValues in an Allow, which is true where the key is absent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _policies
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import inside, truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """ForAllValues without Null beside it."""
    for one in _policies.statements(app):
        condition = one.value.get("Condition")
        if not one.allows or not isinstance(condition, dict):
            continue
        guarded = {
            str(key).lower()
            for operator, keys in condition.items()
            if operator.lower() == "null"
            for key, value in inside(keys).items()
            if truth(value[0] if isinstance(value, list) and value else value) is not True
        }
        for operator, keys in condition.items():
            if not operator.lower().startswith("forallvalues:"):
                continue
            for key in inside(keys):
                if key.lower() not in guarded:
                    what = f"{operator} is true for a request without {key}, so that the statement allows it"
                    right = f'Null: {{"{key}": "false"}} beside it'
                    yield Found(
                        "MO601", one.resource, what, right, Spot((*one.path, "Condition", operator, key), key=True)
                    )
