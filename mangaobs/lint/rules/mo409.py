"""A filter that no record of CloudTrail can match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs import catalog
from mangaobs.languages import filter_pattern
from mangaobs.lint import _cloudtrail, _emission, _filters
from mangaobs.lint._found import Change, Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


# Of a record, at the top. Source: CloudTrail user guide, "Record contents", read 2026-11.
_FIELDS: Final = (
    "eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode",
    "errorMessage", "requestID", "eventID", "eventType", "eventCategory", "apiVersion", "readOnly", "managementEvent",
    "recipientAccountId", "sharedEventID", "vpcEndpointId", "userIdentity", "requestParameters", "responseElements",
    "additionalEventData", "serviceEventDetails", "tlsDetails", "resources", "addendum", "edgeDeviceDetails",
    "sessionCredentialFromConsole", "insightDetails", "vpcEndpointAccountId", "eventContext",
)  # fmt: skip
_ATTRIBUTE: Final = ("S", "N", "B", "SS", "NS", "BS", "M", "L", "BOOL", "NULL")


def check(app: App) -> Iterator[Found]:
    """Fields and values that records never have."""
    for one in _filters.filters(app):
        if one.pattern is None or not (
            _cloudtrail.is_trail_pattern(one.pattern) or "detail.event" in (one.source or "")
        ):
            continue
        for found in _cloudtrail.conditions(one.pattern):
            for what, right, old, new in _problems(found):
                start = found.span.start
                at = (one.source or "").find(old, start) if old else start
                spot = Spot.of("FilterPattern")._replace(offset=at, length=len(old) or found.span.end - start)
                yield Found("MO409", one.resource, what, right, spot, change=Change(old, new) if new else None)


def _problems(
    found: filter_pattern.Compare | filter_pattern.Is | filter_pattern.NotExists,
) -> Iterator[tuple[str, str, str, str]]:
    steps = found.selector.steps if found.selector is not None else ()
    path = found.selector.text if found.selector is not None else ""
    yield from _unknown(str(steps[0]) if steps else "")
    if steps[:1] in (("detail",), ("Records",)):
        yield (
            f"a record in a log group has no {path}",
            "the field itself: EventBridge wraps it, the log group does not",
            path,
            "",
        )
    if steps[:2] == ("requestParameters", "key") and steps[-1] in _ATTRIBUTE and len(steps) > 3:
        yield (
            f"CloudTrail writes keys as plain values, so that {path} is never there",
            path.rpartition(".")[0],
            path,
            "",
        )
    if isinstance(found, filter_pattern.Is) and steps == ("sessionCredentialFromConsole",) and found.value is not None:
        yield 'sessionCredentialFromConsole is the text "true"', f'{path} = "true"', path, ""
    if not isinstance(found, filter_pattern.Compare) or not isinstance(found.value, filter_pattern.Literal):
        return
    value = found.value.text
    if found.comparison is not filter_pattern.Comparison.EQUAL or "*" in value:
        return
    if steps == ("eventSource",) and not value.endswith((".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")):
        right = f"{value.partition(':')[0].lower()}.amazonaws.com"
        yield f"no record has the eventSource {value}", right, value, right if value.isalnum() else ""
    if steps == ("eventName",) and ":" in value:
        right = value.partition(":")[2]
        yield f"eventName is the operation alone, and {value} is an action of IAM", right, value, right
    if steps == ("userIdentity", "type") and value in ("root", "ROOT", "iamuser", "IamUser", "assumedrole"):
        right = {"root": "Root", "iamuser": "IAMUser", "assumedrole": "AssumedRole"}[value.lower()]
        yield f"the type is {right}, and case counts", right, value, right


def _unknown(top: str) -> Iterator[tuple[str, str, str, str]]:
    if top and top not in (*_FIELDS, "detail", "Records"):
        near = catalog.nearest(top, _FIELDS)
        if near and _emission.alike(top, near):
            yield f"a record has no field {top}", f"did you mean {near}?", top, near
