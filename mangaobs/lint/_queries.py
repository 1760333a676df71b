"""Logs Insights queries as a template has them, and the fields that log lines have."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mangaobs.lint._found import Spot
from mangaobs.lint._values import inside, listed, text
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.languages.logs_insights import Finding
    from mangaobs.lint._app import App
    from mangaobs.template import Resource

DEFINITION: Final = "AWS::Logs::QueryDefinition"
_PARAMETER: Final = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_SOURCE: Final = re.compile(
    r"\s*SOURCE\s+(?:'[^']*'|\"[^\"]*\"|logGroups\([^)]*\))(?:\s*\|\s*SOURCE\s+(?:'[^']*'|\"[^\"]*\"))*"
)
_GROUP: Final = re.compile(r"SOURCE\s+(?:'([^']*)'|\"([^\"]*)\")")

# Of the lines that Lambda writes itself: "Telemetry API event schema" in the Lambda developer guide, read 2026-11; of
# CloudTrail's records: "Record contents" in the CloudTrail user guide, read 2026-11.
PLATFORM: Final = (
    "time", "type", "record.*", "requestId", "timestamp", "level", "message", "logger", "errorMessage", "errorType",
    "stackTrace.*", "location", "eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
    "userAgent", "errorCode", "requestID", "eventID", "eventType", "eventCategory", "apiVersion", "readOnly",
    "managementEvent", "recipientAccountId", "sharedEventID", "vpcEndpointId", "userIdentity.*", "requestParameters.*",
    "responseElements.*", "additionalEventData.*", "serviceEventDetails.*", "tlsDetails.*", "resources.*", "_aws.*",
)  # fmt: skip


class Text(NamedTuple):
    """A query's text, where it stands, how it is offset there, and the log groups that it names."""

    resource: Resource
    text: str
    spot: Spot
    groups: tuple[tuple[object, Spot], ...]
    shift: tuple[tuple[int, int], ...] = ()

    def at(self, finding: Finding) -> Spot:
        """Where a finding stands in the property."""
        start = finding.error.start
        moved = start
        for position, by in self.shift:
            if start >= position:
                moved = start + by
        return self.spot._replace(offset=max(moved, 0), length=finding.error.end - start)


@lru_cache(maxsize=4096)
def check(text: str, fields: frozenset[str] | None = None) -> tuple[Finding, ...]:
    """What the language's checker finds; several rules ask about one query."""
    from mangaobs.languages.logs_insights import check as checked

    return tuple(checked(text, fields))


def queries(app: App) -> list[Text]:
    """The query definitions, and the queries of log widgets, as far as they are known."""
    return app.once(_every)


def _every(app: App) -> list[Text]:
    return [*_definitions(app), *_widgets(app)]


def _definitions(app: App) -> Iterator[Text]:
    for resource in app.of(DEFINITION):
        given = resource.properties.get("QueryString")
        if not isinstance(given, str) or resource.properties.get("QueryLanguage") in ("SQL", "PPL"):
            continue
        defaults: dict[str, str] = {}
        for entry in listed(resource.properties.get("Parameters")):
            one = inside(entry)
            if "Name" in one and "DefaultValue" in one:
                defaults[str(one["Name"])] = str(one["DefaultValue"])
        groups = tuple(
            (one, Spot.of("LogGroupNames", number))
            for number, one in enumerate(listed(resource.properties.get("LogGroupNames")))
        )
        filled, shift = _filled(given, defaults)
        yield Text(resource, filled, Spot.of("QueryString"), groups, shift)


def _filled(source: str, defaults: dict[str, str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text with its parameters' defaults, and by how much what follows each is moved."""
    parts: list[str] = []
    shift: list[tuple[int, int]] = []
    end = length = 0
    for found in _PARAMETER.finditer(source):
        value = defaults.get(found[1])
        if value is None:
            continue
        literal = value if re.fullmatch(r"-?\d+(?:\.\d+)?", value) else '"' + value.replace('"', "'") + '"'
        parts += [source[end : found.start()], literal]
        length += found.start() - end + len(literal)
        end = found.end()
        shift.append((length, end - length))
    return "".join([*parts, source[end:]]), tuple(shift)


def _widgets(app: App) -> Iterator[Text]:
    for body in app.bodies:
        for number, widget in body.widgets:
            properties: Any = inside(widget, "properties")
            query = properties.get("query")
            if widget.get("type") != "log" or not isinstance(query, str) or body.is_unknown(query):
                continue
            if text(properties.get("queryLanguage")) in ("SQL", "PPL", "LOGSQL"):
                continue
            spot = body.at("widgets", number, "properties", "query")
            source = _SOURCE.match(query)
            if source is None:
                continue  # MO224
            groups = tuple(
                (found[1] or found[2], spot._replace(offset=found.start() + 8, length=len(found[1] or found[2] or "")))
                for found in _GROUP.finditer(query)
            )
            rest = query[source.end() :]
            stripped = rest.lstrip().removeprefix("|")
            yield Text(body.resource, stripped, spot, groups, ((0, len(query) - len(stripped)),))


def known_fields(app: App) -> frozenset[str] | None:
    """The fields that lines have, by the contract; None without one."""
    fields = app.fields
    return None if fields is None else frozenset({*fields, *PLATFORM})


def fields_of(app: App, query: Text) -> tuple[frozenset[str] | None, str]:
    """The fields that the lines of a query's log groups have, and who says so; None where nobody does."""
    known = known_fields(app)
    if known is not None:
        return known, "no handler logs it"
    if app.observed is None:
        return None, ""
    names = {name.removesuffix(":*") for name, _ in query.groups if isinstance(name, str)}
    found = [fields for group, fields in app.observed.fields.items() if group in names or not names]
    fields = frozenset().union(*found) if found else frozenset()
    return (fields or None), "no line of the recording has it"


def group_problem(app: App, group: object) -> tuple[str, str] | None:
    """Why a log group is none, where its name differs by a slip from one of the templates."""
    from mangaobs import catalog
    from mangaobs.lint import _emission

    if isinstance(group, Unknown) or not isinstance(group, str) or not group or "*" in group or "${" in group:
        return None
    name = group.partition(":log-group:")[2].removesuffix(":*") if group.startswith("arn:") else group
    names = {str(one.name) for one in app.of("AWS::Logs::LogGroup") if isinstance(one.name, str)}
    for function in app.of("AWS::Lambda::Function", "AWS::Serverless::Function"):
        config = inside(function.properties.get("LoggingConfig")).get("LogGroup")
        if isinstance(config, str):
            names.add(config)
        elif isinstance(function.name, str):
            names.add(f"/aws/lambda/{function.name}")
    if name in names:
        return None
    near = catalog.nearest(name, names)
    if near is None or not _emission.alike(name, near, 0.9):
        return None
    return f"no log group of the templates is called {name!r}", f"did you mean {near}?"
