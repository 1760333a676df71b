"""What all sections of `mangaobs.toml` have in common."""

from __future__ import annotations

import msgspec


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section never changes, and knows all its keys."""
