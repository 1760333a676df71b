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
    from mangaobs.lint._found import Verdict


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
        if kind in facts.statistics or kind == "SampleCount" or read.by != "alarm":
            continue
        what = f"{facts.namespace} documents no {name} of {facts.name}"
        right = either(list(facts.statistics))
        # A sum of a gauge's samples and a percentile of a rate mean nothing; a mean for a maximum may be meant.
        verdict: Verdict = "refuted" if kind in ("pNN", "Sum") else "unproven"
        yield Found("MO104", read.resource, what, right, read.spot("statistic"), verdict, "warning")
