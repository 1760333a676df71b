"""Log groups: encrypted, kept for as long as configured, and masking what must not be in them in the first place.

Source: CloudWatch Logs User Guide, "Help protect sensitive log data with masking", "Types of data that you can
protect".
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Join, Select, Split, Sub, logs

from mangaobs.platform import _keys

if TYPE_CHECKING:
    from mangaobs.platform._policy import Text
    from mangaobs.platform._stack import Stack


def add_group(stack: Stack, id: str, name: Text, *, days: int | None = None, masked: bool = True, **more: Any) -> None:  # noqa: ANN401
    """A log group. `masked`: with a data protection policy, which no group of addresses or audits can have."""
    group = logs.LogGroup(
        id,
        LogGroupName=name,
        RetentionInDays=days or stack.configuration.logs.retention_days,
        KmsKeyId=_keys.arn(_keys.LOGS),
        **({"DataProtectionPolicy": _protection(stack)} if masked else {}),
        **more,
    )
    stack.add(group)


def without_star(arn: GetAtt) -> Text:
    """A log group's ARN without the `:*` at its end, as most services take it."""
    return Join("", [Select(0, Split(":*", arn))])


def _protection(stack: Stack) -> dict[str, Any]:
    lines = files("mangaobs.platform").joinpath("data/data_identifiers.txt").read_text(encoding="utf-8").splitlines()
    identifiers = [
        Sub(f"arn:${{AWS::Partition}}:dataprotection::aws:data-identifier/{line}")
        for line in lines
        if line and not line.startswith("#")
    ]
    return {
        "Name": stack.named("mask"),
        "Description": "Whatever a person could be known by is counted and masked",
        "Version": "2021-06-01",
        "Statement": [
            {"Sid": "Count", "DataIdentifier": identifiers, "Operation": {"Audit": {"FindingsDestination": {}}}},
            {"Sid": "Mask", "DataIdentifier": identifiers, "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ],
    }
