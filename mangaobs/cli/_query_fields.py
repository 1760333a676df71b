"""The names of the fields that log lines have: from a file, a recording, or the contract of a rendered template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.errors import MangaobsError, Place

if TYPE_CHECKING:
    from pathlib import Path

# Of the lines that Lambda writes itself in JSON: "Telemetry API event schema" in the Lambda developer guide, read
# 2026-11.
PLATFORM: Final = (
    "time", "type", "record.requestId", "record.status", "record.metrics.durationMs", "record.metrics.billedDurationMs",
    "record.metrics.memorySizeMB", "record.metrics.maxMemoryUsedMB", "record.metrics.initDurationMs",
    "record.tracing.value", "record.tracing.type", "requestId",
)  # fmt: skip

# Of CloudTrail's records, which a trail puts into a log group as they are: "Record contents" in the CloudTrail user
# guide, read 2026-11. What is in a name with a star differs by service.
CLOUDTRAIL: Final = (
    "eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode",
    "errorMessage", "requestID", "eventID", "eventType", "eventCategory", "apiVersion", "readOnly", "managementEvent",
    "recipientAccountId", "sharedEventID", "vpcEndpointId", "userIdentity.*", "requestParameters.*",
    "responseElements.*", "additionalEventData.*", "serviceEventDetails.*", "tlsDetails.*", "resources.*",
)  # fmt: skip


def of_file(path: Path) -> set[str]:
    """A name a line; empty lines and those that start with # are passed over."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise MangaobsError(f"cannot be read: {reason}", place=Place(str(path))) from None
    return {line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")}


def of_recording(folder: Path) -> set[str]:
    """Every field of every line."""
    from mangaobs.recording import Recording, log_fields

    return set().union(*log_fields(Recording(folder)).values())


def of_signals(path: Path) -> set[str]:
    """The fields that the handlers declare in the contract that `render` writes, and those that AWS writes beside them.

    A name that ends in `.*` stands for everything below it.
    """
    from mangaobs.template import read

    found: set[str] = set()
    for metadata in read([path]).metadata:
        contract = metadata.get("mangaobs")
        signals = contract.get("signals") if isinstance(contract, dict) else None
        if not isinstance(signals, dict):
            continue
        found |= {*PLATFORM, *CLOUDTRAIL, *_names(signals.get("fields"))}
        events = signals.get("events")
        for event in events if isinstance(events, list) else []:
            found |= _names(event.get("fields") if isinstance(event, dict) else None)
        access = signals.get("access_log")
        found |= _names(access.get("fields") if isinstance(access, dict) else None)
    if not found:
        raise MangaobsError(
            f"{path} holds no contract of signals", right="a template that mangaobs rendered", place=Place(str(path))
        )
    return found


def _names(fields: object) -> set[str]:
    return {one["name"] for one in fields if isinstance(one, dict)} if isinstance(fields, list) else set()
