"""Keys of a table with a key of its own, in the clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import inside, truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Contributor Insights publishes keys under a key of AWS's."""
    for table in app.of("AWS::DynamoDB::Table"):
        spec = inside(table.properties, "ContributorInsightsSpecification")
        encryption = inside(table.properties, "SSESpecification")
        if truth(spec.get("Enabled")) and encryption.get("KMSMasterKeyId") is not None:
            what = f"{table.id} has a key of its own, and Contributor Insights shows its items' keys under one of AWS's"
            right = "keys that tell nothing, or no Contributor Insights"
            yield Found("MO706", table, what, right, Spot.of("ContributorInsightsSpecification"))
