"""A filter for an error that CloudTrail records by another code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.lint import _cloudtrail, _filters
from mangaobs.lint._found import Change, Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


# Of 51 refusals in records of 20 services 49 have AccessDenied, two VpceAccessDenied; none has the exception's name.
_NEVER: Final = {"AccessDeniedException": "AccessDenied*", "UnauthorizedAccess": "AccessDenied*"}


def check(app: App) -> Iterator[Found]:
    """Codes of errorCode that no record has."""
    for one in _filters.filters(app):
        if one.pattern is None:
            continue
        literals = [found.value for found in _cloudtrail.asked(one.pattern, "errorCode")]
        matching = [
            value for value in literals if re.fullmatch(re.escape(value.text).replace(r"\*", ".*"), "AccessDenied")
        ]
        for value in literals:
            right = _NEVER.get(value.text)
            if right is None or matching:
                continue
            what = f"CloudTrail records no {value.text}: a refusal has the errorCode AccessDenied"
            source = one.source or ""
            start = source.find(value.text, value.span.start)
            spot = Spot.of("FilterPattern")._replace(offset=start, length=len(value.text))
            yield Found("MO406", one.resource, what, right, spot, change=Change(value.text, right))
