"""A statistic that does not exist, or that says nothing of its metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.languages.statistic import is_percentile, is_statistic, meant
from mangaobs.lint import _emission
from mangaobs.lint._found import Change, Found
from mangaobs.lint._values import either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


def check(app: App) -> Iterator[Found]:
    """Statistics by their names, and by what the service's page lists."""
    for read in app.reads:
        name = read.statistic
        if not isinstance(name, str):
            continue
        if not is_statistic(name):
            right = meant(name)
            change = Change(name, right) if right else None
            hint = f"did you mean {right}?" if right else "Average, Sum, p99 and their like; percentiles up to 100"
            what = f"there is no statistic {name}"
            yield Found("MO104", read.resource, what, hint, read.spot("statistic"), change=change)
            continue
        facts = _emission.facts_of(read)
        if facts is None or facts.confidence != "documented" or not facts.statistics:
            continue
        kind = "pNN" if is_percentile(name) else name
        if kind not in facts.statistics and kind != "SampleCount" and read.by == "alarm":
            listed_ = either(list(facts.statistics))
            what = f"{facts.namespace} documents no {name} of {facts.name}"
            yield Found("MO104", read.resource, what, listed_, read.spot("statistic"), "unproven", "warning")
        if kind == "pNN" and facts.unit == "Count" and set(facts.statistics) <= {"Sum", "SampleCount"}:
            what = f"every sample of {facts.name} is a count of one request, so that {name} of them is always the same"
            yield Found("MO104", read.resource, what, "Sum", read.spot("statistic"), severity="warning")
