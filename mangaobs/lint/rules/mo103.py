"""A metric of one's own that nobody emits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.catalog import did_you_mean
from mangaobs.lint import _emission
from mangaobs.lint._found import Change, Found
from mangaobs.lint._values import either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.lint._reads import Read


def check(app: App) -> Iterator[Found]:
    """Metrics outside AWS's namespaces, held against the contract, the metric filters and a recording."""
    for read in app.reads:
        if read.known is None or _emission.is_aws(read.known[0]):
            continue
        namespace, name = read.known
        emitted = set(app.declared.get(read.known, ()))
        made = app.filtered.get(read.known, [])
        emitted |= {names for _, _, names in made if names is not None}
        open_ended = any(names is None for _, _, names in made)
        if app.observed is not None and read.known in app.observed.metrics:
            emitted |= app.observed.metrics[read.known]
        if not emitted and not open_ended:
            yield from _nobody(app, read, namespace, name)
        elif read.names is None or (open_ended and read.names not in emitted):
            what = f"the dimensions of {namespace} {name} are not known"
            yield Found("MO103", read.resource, what, spot=read.spot("dimensions"), verdict="unproven")
        elif read.names in emitted:
            what = f"{namespace} {name} is emitted under {_emission.under(read.names)}"
            yield Found("MO103", read.resource, what, spot=read.whole, verdict="proven")
        else:
            sets = either(sorted(_emission.under(one) for one in emitted))
            what = f"{namespace} {name} is read under {_emission.under(read.names)}"
            yield Found("MO103", read.resource, what, f"it is emitted under {sets}", read.spot("dimensions"))


def _nobody(app: App, read: Read, namespace: str, name: str) -> Iterator[Found]:
    # Where the handlers' signals are declared, nothing else emits under a namespace of theirs or of a filter.
    owned = {one for one, _ in app.declared} | ({one for one, _ in app.filtered} if app.contract else set())
    if namespace in owned:
        near = [other for one, other in (*app.declared, *app.filtered) if one == namespace]
        what = f"no handler and no filter emits {namespace} {name}"
        right = did_you_mean(name, near, "declare the signal, or read one that is emitted")
        yield Found("MO103", read.resource, what, right, read.spot("name"))
        return
    instead = _emission.meant_instead(app, read)
    if instead is not None:
        one, other = instead
        what = f"nothing emits {namespace} {name}, and nobody reads what {app.filtered[instead][0][0].id} makes"
        spot = read.spot("namespace" if other == name else "name")
        change = Change(namespace, one) if other == name else Change(name, other)
        yield Found("MO103", read.resource, what, f"did you mean {one} {other}?", spot, change=change)
        return
    what = f"nothing in the templates emits {namespace} {name}"
    if app.observed is not None:
        what += ", nor is it in the recording"
    yield Found("MO103", read.resource, what, "code may", read.whole, "unproven")
