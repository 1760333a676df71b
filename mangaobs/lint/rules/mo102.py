"""A metric under dimensions that its service does not publish it under."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs import catalog
from mangaobs.lint import _emission
from mangaobs.lint._found import Change, Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.lint._found import Verdict
    from mangaobs.lint._reads import Read


def check(app: App) -> Iterator[Found]:
    """Sets of dimension names, compared whole."""
    for read in app.reads:
        facts = catalog.find(*read.known) if read.known else None
        if read.known is None or facts is None or facts.emission == "never":
            continue
        namespace, name = read.known
        if read.names is None:
            what = f"the dimensions of {name} are not known"
            yield Found("MO102", read.resource, what, spot=read.spot("dimensions"), verdict="unproven")
            continue
        answer = catalog.emits(namespace, name, read.names)
        under = _emission.under(read.names)
        if answer is True:
            what = f"{namespace} publishes {name} under {under}"
            yield Found("MO102", read.resource, what, facts.source, read.spot("dimensions"), "proven")
        elif answer is None and (known := _emission.recorded(app, read)) is not None:
            what = f"the recording has {namespace} {name}" + (
                f" under {under}" if known else f", and not under {under}"
            )
            verdict: Verdict = "proven" if known else "refuted"
            yield Found("MO102", read.resource, what, spot=read.spot("dimensions"), verdict=verdict)
        elif answer is None:
            what = f"whether {namespace} publishes {name} under {under} is not established"
            yield Found("MO102", read.resource, what, facts.note, read.spot("dimensions"), "unproven")
        else:
            yield from _refuted(read, facts)


def _refuted(read: Read, facts: catalog.MetricFacts) -> Iterator[Found]:
    names = read.names or ()
    wrong = [one for one in read.dimensions or () if not any(one.name in known for known in facts.dimension_sets)]
    spot, change = read.spot("dimensions"), None
    if len(wrong) == 1:
        spot = wrong[0].name_spot
        others = set(names) - {wrong[0].name}
        meant = [set(one) - others for one in facts.dimension_sets if others <= set(one) and len(one) == len(names)]
        if len(meant) == 1 and len(meant[0]) == 1:
            new = next(iter(meant[0]))
            # `Function` for `FunctionName`, `functionname`: a slip, and no other value is meant.
            if _emission.alike(str(wrong[0].name), new, 0.7):
                change = Change(str(wrong[0].name), new)
    what = (
        f"{facts.namespace} does not publish {facts.name} under {_emission.under(names)}, so that nothing is ever read"
    )
    yield Found("MO102", read.resource, what, f"it is published under {_emission.sets_of(facts)}", spot, change=change)
