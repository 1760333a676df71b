"""What a team decides for itself: `[lint]` of mangaobs.toml, and the command's options."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Ignored:
    """A finding that is known and stays: of a rule, of one resource or of all (`""`), and why."""

    rule: str
    reason: str
    resource: str = ""
    place: str = "mangaobs.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """`select` and `ignore` are rule ids or their beginnings (`MO1`).

    `cis_verbatim`: filters are to have the very text of CIS's controls, as Security Hub compares it. `mixed_units`: two
    units may share an axis.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    ignored: tuple[Ignored, ...] = field(default=())
    cis_verbatim: bool = False
    mixed_units: bool = False
