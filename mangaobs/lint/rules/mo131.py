"""A dimension's value that is no name of such a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint import _dimensions, _emission
from mangaobs.lint._found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """An ARN where a name belongs, the id of an API for its name, an index that the table does not have."""
    for read in app.reads:
        known = read.known
        if known is None or not _emission.is_aws(known[0]):
            continue
        for one in read.dimensions or ():
            problem = _dimensions.wrong_value(app, read, one)
            if problem is not None:
                yield Found("MO131", read.resource, problem[0], problem[1], one.value_spot)
