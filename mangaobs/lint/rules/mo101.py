"""A metric that its service does not publish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs import catalog
from mangaobs.lint import _emission, _words
from mangaobs.lint._found import Change, Found
from mangaobs.lint._values import either, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.lint._reads import Read


def check(app: App) -> Iterator[Found]:
    """Names that are in no catalog of the service."""
    for read in app.reads:
        if read.known is None:
            what = f"which metric is read is not known: {show(read.namespace)} {show(read.name)}"
            yield Found("MO101", read.resource, what, spot=read.whole, verdict="unproven")
        elif _emission.is_aws(read.known[0]):
            yield from _aws(app, read, *read.known)


def _aws(app: App, read: Read, namespace: str, name: str) -> Iterator[Found]:
    facts = catalog.find(namespace, name)
    if facts is not None and facts.emission != "never":
        return
    if facts is None and not catalog.complete(namespace):
        yield from _namespace(app, read, namespace, name)
        return
    if facts is not None:
        yield Found("MO101", read.resource, f"{namespace} publishes {name} no more", facts.note, read.spot("name"))
        return
    near = catalog.nearest(name, catalog.metrics(namespace))
    others = [one for one in catalog.namespaces() if catalog.emits(one, name, read.names or ()) is True]
    change = None
    if near is not None and _emission.alike(name, near) and catalog.emits(namespace, near, read.names or ()):
        change = Change(name, near)
    right = f"did you mean {near}?" if near else ""
    if others:
        right = f"it is a metric of {either(others)}"
    yield Found("MO101", read.resource, f"{namespace} publishes no {name}", right, read.spot("name"), change=change)


def _namespace(app: App, read: Read, namespace: str, name: str) -> Iterator[Found]:
    if namespace not in catalog.namespaces() and namespace not in _words.of("namespaces.txt"):
        near = catalog.nearest(namespace, catalog.namespaces())
        if near and _emission.alike(namespace, near) and catalog.find(near, name) is not None:
            yield Found(
                "MO101", read.resource, f"no service publishes under {namespace}", f"did you mean {near}?",
                read.spot("namespace"), change=Change(namespace, near),
            )  # fmt: skip
            return
    known = _emission.recorded(app, read)
    if known is not None and read.names is not None:
        under = _emission.under(read.names)
        what = f"the recording has {namespace} {name}" + (f" under {under}" if known else f", and not under {under}")
        yield Found("MO101", read.resource, what, spot=read.spot("name"), verdict="proven" if known else "refuted")
        return
    what = f"the catalog does not say whether {namespace} publishes {name}"
    yield Found("MO101", read.resource, what, spot=read.spot("name"), verdict="unproven")
