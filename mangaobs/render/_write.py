"""Templates as text: the same bytes every time."""

from __future__ import annotations

from typing import Any

import msgspec


def to_json(template: dict[str, Any], *, compact: bool = False) -> str:
    """JSON, indented by two, or without a needless space."""
    # msgspec's encoder is C in both forms; the standard library's is not once it indents.
    encoded = msgspec.json.encode(template)
    return encoded.decode() if compact else msgspec.json.format(encoded, indent=2).decode() + "\n"


def to_yaml(template: dict[str, Any]) -> str:
    """YAML in block style."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    written: str = yaml.dump(template, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)
    return written
