"""A table whose hot keys nobody sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._found import Found
from mangaobs.lint._values import inside, truth
from mangaobs.template import Unknown, holds_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Contributor Insights of tables."""
    for table in app.of("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        if inside(table.properties, "SSESpecification").get("KMSMasterKeyId") is not None:
            continue  # its keys would be shown under another key: MO706
        spec = table.properties.get("ContributorInsightsSpecification")
        if (
            isinstance(spec, Unknown)
            or holds_unknown(spec)
            or "ContributorInsights" in str(table.properties.get("Replicas"))
        ):
            continue
        if spec is None or truth(inside(spec).get("Enabled")) is False:
            what = f"{table.id} has no Contributor Insights: an alarm on throttling will not say which key it is"
            yield Found("MO705", table, what, "ContributorInsightsSpecification with the mode THROTTLED_KEYS")
