"""A saved query takes 50 log groups; a larger system gets the same query several times, numbered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mangaobs.model._value import Value
from mangaobs.model.query import QueryParameter, SavedQuery

_AT_MOST = 50


def in_groups(
    groups: Sequence[Value], *, name: str, summary: str, text: str, parameters: tuple[QueryParameter, ...] = ()
) -> Iterator[SavedQuery]:
    """The query over `groups`: none without a group; `name`, `name-2` … in the configured order, 50 groups each."""
    for number, start in enumerate(range(0, len(groups), _AT_MOST), 1):
        part = tuple(groups[start : start + _AT_MOST])
        which = f" (Log groups {start + 1} to {start + len(part)} of {len(groups)}.)" if len(groups) > _AT_MOST else ""
        yield SavedQuery(
            name=name if number == 1 else f"{name}-{number}",
            summary=summary + which,
            log_groups=part,
            text=text.strip(),
            parameters=parameters,
        )
