"""What the functions wrote, as a recording: with what Lambda, API Gateway and CloudTrail write beside them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .system import System

REQUEST = "11111111-2222-4333-8444-555555555555"
# What Lambda writes about an invocation in text format, as its documentation shows it.
LAMBDA = [
    "START RequestId: {id} Version: $LATEST\n",
    "END RequestId: {id}\n",
    (
        "REPORT RequestId: {id}\tDuration: 30000.00 ms\tBilled Duration: 30000 ms\tMemory Size: 512 MB\t"
        "Max Memory Used: 120 MB\tInit Duration: 801.20 ms\tStatus: timeout\t\n"
    ),
]
TRAIL = {
    "eventSource": "dynamodb.amazonaws.com",
    "eventName": "Scan",
    "eventCategory": "Data",
    "readOnly": True,
    "userIdentity": {"arn": "arn:aws:iam::123456789012:role/someone"},
    "sourceIPAddress": "198.51.100.7",
}


def recorded(system: System, folder: Path, *, access_group: str, trail_group: str) -> list[str]:
    """Write the recording; the names of its log groups."""
    (folder / "logs").mkdir(parents=True)
    groups: dict[str, list[str]] = {}
    for name, function in system.functions.items():
        groups[f"/aws/lambda/{name}"] = [json.dumps(line) for line in function.lines()]
        groups[f"/aws/lambda/{name}"] += [
            line.format(id=f"6a1ad2e3-0000-4000-8000-{len(groups):012}") for line in LAMBDA
        ]
    groups[access_group] = [json.dumps(line) for line in access_lines()]
    groups[trail_group] = [json.dumps(TRAIL)]
    for group, messages in groups.items():
        with (folder / "logs" / f"{quote(group, safe='')}.jsonl").open("w", encoding="utf-8") as stream:
            for place, message in enumerate(messages):
                event = {"timestamp": at(message, place), "message": message, "logStream": "s"}
                stream.write(json.dumps(event) + "\n")
    return list(groups)


def at(message: str, place: int) -> int:
    """When a line was written, by its own account."""
    if message.startswith("{") and (written := json.loads(message).get("timestamp")):
        return int(datetime.fromisoformat(written).timestamp() * 1000)
    return 1_767_225_600_000 + place


def access_lines() -> list[dict[str, Any]]:
    """The access log in the format that is declared, as API Gateway fills it in."""
    common = {"request_id": REQUEST, "method": "POST", "resource": "/messages", "latency_ms": "812"}
    return [common | {"status": "200"}, common | {"status": "403"}]
