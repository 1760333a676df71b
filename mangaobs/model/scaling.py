"""Application Auto Scaling of DynamoDB capacity by target tracking."""

from __future__ import annotations

from typing import Literal

import msgspec

from mangaobs.errors import Place
from mangaobs.model._check import fail
from mangaobs.model._field import check_word
from mangaobs.model.alarm import check_name
from mangaobs.model.place import written_at
from mangaobs.model.value import Value


class TargetTracking(msgspec.Struct, frozen=True, kw_only=True):
    """Keeps the share of provisioned capacity that is consumed near `target` percent (20 to 90).

    `index` scales a global secondary index in place of its table; `minimum` and `maximum` are capacity units.
    """

    name: str
    table: Value
    units: Literal["Read", "Write"]
    minimum: int
    maximum: int
    target: float = 70
    index: Value | None = None
    place: Place = msgspec.field(default_factory=written_at)

    def __post_init__(self) -> None:
        subject = f"target tracking {self.name!r}"
        check_name("target tracking", self.name)
        check_word(subject, "units", self.units, ("Read", "Write"))
        if not 1 <= self.minimum <= self.maximum:
            fail(
                subject,
                "minimum",
                f"is {self.minimum}, the maximum {self.maximum}",
                "1 or more, and no more than the maximum",
            )
        if not 20 <= self.target <= 90:
            fail(subject, "target", f"is {self.target} percent", "20 to 90 (DynamoDB's own limits)")
