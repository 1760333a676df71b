"""A filter with && and || side by side."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mangaobs.languages import filter_pattern
from mangaobs.lint import _filters
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """&& binds more tightly: without parentheses a reader sees something else."""
    for one in _filters.filters(app):
        if not isinstance(one.pattern, filter_pattern.Json) or one.source is None:
            continue
        plain = re.sub(r"\"(?:\\.|[^\"\\])*\"|%(?:\\.|[^%\\])*%", lambda found: "_" * len(found[0]), one.source)
        open_: list[set[str]] = [set()]
        for token in re.finditer(r"[()]|&&|\|\|", plain):
            if token[0] == "(":
                open_.append(set())
            elif token[0] == ")":
                open_.pop() if len(open_) > 1 else None
            else:
                open_[-1].add(token[0])
                if len(open_[-1]) == 2:
                    what = "&& and || stand side by side, and && binds more tightly"
                    spot = Spot.of("FilterPattern")._replace(offset=token.start(), length=2)
                    yield Found("MO410", one.resource, what, "parentheses around what belongs together", spot)
                    break
