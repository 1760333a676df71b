"""Templates as text: the same bytes every time."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import msgspec

from mangaobs.errors import RenderError

if TYPE_CHECKING:
    from pathlib import Path


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


def write_text(path: Path, written: str) -> None:
    """Replace the file at `path` in one step: what was there stays whole if anything fails."""
    aside = path.with_name(f".{path.name}.new")
    try:
        aside.write_text(written, encoding="utf-8", newline="\n")
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise RenderError(
            f"{path} cannot be written: {error.strerror}", right="a folder that exists and is writable"
        ) from None
