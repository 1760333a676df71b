"""An event selector that selects nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs import catalog
from mangaobs.catalog import did_you_mean
from mangaobs.lint import _cloudtrail, _emission, _words
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import either, inside, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mangaobs.lint._app import App


_FIELDS: Final = (
    "eventCategory", "readOnly", "eventSource", "eventName", "eventType", "resources.type", "resources.ARN",
    "errorCode", "sessionCredentialFromConsole", "userIdentity.arn", "vpcEndpointId",
)  # fmt: skip
_CATEGORIES: Final = ("Management", "Data", "NetworkActivity")


def check(app: App) -> Iterator[Found]:
    """Fields, categories and types of advanced selectors; both kinds of selector at once."""
    for trail in app.of(_cloudtrail.TRAIL):
        if trail.properties.get("EventSelectors") and trail.properties.get("AdvancedEventSelectors"):
            what = "EventSelectors and AdvancedEventSelectors exclude each other"
            yield Found("MO414", trail, what, "one of them", Spot.of("EventSelectors"))
        for number_, selector in enumerate(listed(trail.properties.get("AdvancedEventSelectors"))):
            for at, given in enumerate(listed(inside(selector).get("FieldSelectors"))):
                base = ("AdvancedEventSelectors", number_, "FieldSelectors", at)
                for key, what, right in _problems(inside(given)):
                    yield Found("MO414", trail, what, right, Spot((*base, key)))


def _problems(given: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    types = _words.of("data_event_types.txt")
    field = given.get("Field")
    if isinstance(field, str) and field not in _FIELDS:
        yield "Field", f"selectors know no field {field}", did_you_mean(field, _FIELDS, either(list(_FIELDS)))
    for value in listed(given.get("Equals")):
        if field == "eventCategory" and isinstance(value, str) and value not in _CATEGORIES:
            yield (
                "Equals",
                f"there is no event category {value}",
                did_you_mean(value, _CATEGORIES, either(list(_CATEGORIES))),
            )
        if field == "resources.type" and isinstance(value, str) and value not in types:
            near = catalog.nearest(value, types)
            if not re.fullmatch(r"AWS::\w+::\w+", value) or (near and _emission.alike(value, near, 0.92)):
                yield "Equals", f"there are no data events of {value}", f"did you mean {near}?" if near else "AWS::…::…"
