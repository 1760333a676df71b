"""A filter for one of CIS's controls that misses some of its events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mangaobs.lint import _cis, _cloudtrail, _filters
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Event names held against the control's; with `cis_verbatim = true` the very text."""
    for one in _filters.filters(app):
        if one.pattern is None or one.source is None:
            continue
        names = {found.value.text for found in _cloudtrail.asked(one.pattern, "eventName")}
        for control in _cis.controls():
            wanted = set(control.events)
            if (
                len(wanted) < 3
                or len(names & wanted) < max(2, 0.66 * len(wanted))
                or len(names - wanted - set(control.more)) > 1
            ):
                continue
            spot = Spot.of("FilterPattern")
            missing = sorted(wanted - names)
            verbatim = re.sub(r"\s+", "", one.source).replace('"', "") == re.sub(r"\s+", "", control.pattern)
            if app.settings.cis_verbatim and not verbatim:
                what = f"CIS {control.id}, {control.title}: Security Hub compares the text, and this is another"
                yield Found("MO407", one.resource, what, control.pattern, spot)
            elif not app.settings.cis_verbatim and missing:
                what = f"CIS {control.id}, {control.title}: {either(missing)} is not among the events"
                yield Found("MO407", one.resource, what, either(missing), spot)
            elif not app.settings.cis_verbatim and (more := sorted(set(control.more) - names)):
                what = f"CIS {control.id}, {control.title}: its text misses {either(more)}"
                yield Found("MO407", one.resource, what, either(more), spot, severity="info")
            break
