"""One request in X-Ray: which services its segments are of, and which are missing.

Sources: X-Ray Developer Guide, "Segment documents" and "Using filter expressions"; API Gateway Developer Guide,
"X-Ray traces for API Gateway APIs".
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from types_boto3_xray import XRayClient

    Segment = Mapping[str, Any]

GATEWAY, LAMBDA, DYNAMODB, BEDROCK = "API Gateway", "Lambda", "DynamoDB", "Bedrock"
_ORIGINS: Final = {"AWS::ApiGateway": GATEWAY, "AWS::Lambda": LAMBDA, "AWS::DynamoDB": DYNAMODB}
_CALLED: Final = {"dynamodb": DYNAMODB, "bedrock": BEDROCK}
_STAGES: Final = 'service(id(type: "AWS::ApiGateway::Stage"))'
_MOST: Final = 5  # traces in a call of BatchGetTraces
_WINDOWS: Final = (timedelta(minutes=10), timedelta(hours=1))


class Trace(NamedTuple):
    """A request: the services that its trace has, and those that it should have and has not."""

    id: str
    services: frozenset[str]
    missing: tuple[str, ...]


def named(client: XRayClient, trace_id: str) -> Trace | None:
    """The trace of an id; None if there is none. Raises what botocore does."""
    return next((_read(id, segments) for id, segments in _traces(client, [trace_id])), None)


def newest(client: XRayClient, *, now: datetime, api: str) -> Trace | None:
    """The newest whole trace of the last hour that went through the REST API `api`, or any if that is empty."""
    for window in _WINDOWS:
        pages = client.get_paginator("get_trace_summaries").paginate(
            StartTime=now - window, EndTime=now, FilterExpression=_STAGES
        )
        # 1-<epoch in hexadecimal>-…: the greatest is the newest.
        ids = sorted(one["Id"] for page in pages for one in page["TraceSummaries"] if not one.get("IsPartial"))
        found = dict(_traces(client, ids[-_MOST:])) if ids else {}
        for id in sorted(found, reverse=True):
            if not api or api in _apis(found[id]):
                return _read(id, found[id])
    return None


def _traces(client: XRayClient, ids: list[str]) -> Iterator[tuple[str, list[Segment]]]:
    for trace in client.batch_get_traces(TraceIds=ids)["Traces"]:
        yield trace["Id"], [json.loads(segment["Document"]) for segment in trace["Segments"]]


def _read(id: str, segments: list[Segment]) -> Trace:
    parts = [part for segment in segments for part in _parts(segment)]
    services = frozenset(service for part in parts for service in _services(part))
    wanted = [GATEWAY, LAMBDA, DYNAMODB]
    # A step of the runtime's, in which a model is asked: the call belongs in it.
    if any(str(part.get("name", "")).startswith("Bedrock") and part.get("namespace") != "aws" for part in parts):
        wanted.append(BEDROCK)
    return Trace(id, services, tuple(name for name in wanted if name not in services))


def _parts(segment: Segment) -> Iterator[Segment]:
    yield segment
    for inner in segment.get("subsegments", []):
        yield from _parts(inner)


def _services(part: Segment) -> Iterator[str]:
    origin, name = str(part.get("origin", "")), str(part.get("name", "")).lower()
    yield from (service for start, service in _ORIGINS.items() if origin.startswith(start))
    if part.get("namespace") == "aws":
        yield from (service for text, service in _CALLED.items() if text in name)


def _apis(segments: list[Segment]) -> set[str]:
    return {
        str(segment["aws"]["api_gateway"].get("rest_api_id", ""))
        for segment in segments
        if "api_gateway" in segment.get("aws", {})
    }
