"""An insight rule on a field that no handler logs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mangaobs.catalog import did_you_mean
from mangaobs.lint import _filters, _queries
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Keys, filters and ValueOf, held against the contract that mangaobs renders."""
    fields = _queries.known_fields(app)
    if fields is None:
        return
    tops = {one.partition(".")[0] for one in fields}
    for one in _filters.rules(app):
        if one.rule is None or one.rule.log_format != "JSON":
            continue
        contribution = one.rule.contribution
        paths = [*contribution.keys, *(each.match for each in contribution.filters)]
        paths += [contribution.value_of] if contribution.value_of else []
        for path in paths:
            top = re.split(r"[.\[]", path.removeprefix("$."))[0]
            if top not in tops:
                start = max((one.source or "").find(path), 0)
                spot = Spot.of("RuleBody")._replace(offset=start, length=len(path))
                yield Found("MO502", one.resource, f"no handler logs a field {top}", did_you_mean(top, tops), spot)
