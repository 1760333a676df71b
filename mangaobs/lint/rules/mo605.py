"""A permission for a transaction, which is no action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.lint import _policies
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


_NONE: Final = {
    "dynamodb:transactwriteitems": "PutItem, UpdateItem, DeleteItem and ConditionCheckItem",
    "dynamodb:transactgetitems": "GetItem",
}


def check(app: App) -> Iterator[Found]:
    """A transaction is allowed by the actions in it."""
    for one in _policies.statements(app):
        for number_, action in enumerate(one.actions):
            right = _NONE.get(str(action).lower())
            if right:
                several = isinstance(one.value.get("Action"), list)
                spot = Spot((*one.path, "Action", *((number_,) if several else ())))
                yield Found("MO605", one.resource, f"IAM has no action {action}", f"dynamodb: {right}", spot)
