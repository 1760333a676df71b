"""The keys that are read most, of a table that counts throttled ones alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mangaobs.lint._app import TABLES
from mangaobs.lint._found import Found
from mangaobs.lint._values import inside
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """PKC and SKC need the mode ACCESSED_AND_THROTTLED_KEYS."""
    for alarm in app.alarms:
        for query in alarm.queries or ():
            source = query.expression.expression if isinstance(query.expression, Unknown) else str(query.expression)
            found = re.search(r"DynamoDBContributorInsights-(PKC|SKC)-(.+?)-(?:\d{10,}|\$\{)", source)
            if found is None:
                continue
            for table in app.of(*TABLES):
                mode = inside(table.properties, "ContributorInsightsSpecification").get("Mode")
                named = found[2] in (str(table.name), f"${{{table.id}}}")
                if named and mode == "THROTTLED_KEYS":
                    what = f"{table.id} counts throttled keys alone, and has no rule {found[1]}"
                    spot = query.expression_spot._replace(offset=found.start(), length=found.end() - found.start())
                    yield Found("MO505", alarm.resource, what, "Mode: ACCESSED_AND_THROTTLED_KEYS, or PKT", spot)
