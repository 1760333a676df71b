"""The stack parameters that a configuration needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from mangaobs.project._name import Fault, Name

if TYPE_CHECKING:
    from mangaobs.project._positions import Path
    from mangaobs.project.configuration import Configuration

_WORD = re.compile(r"[A-Za-z0-9]+")


def parameter_faults(configuration: Configuration) -> Iterator[Fault]:
    """Name the parameters of SSM references after where they are written; refuse one parameter declared in two ways."""
    declared: dict[str, tuple[Name, Path]] = {}
    for path, name in names(configuration):
        if isinstance(name.written, str) or name.written.import_ is not None:
            continue
        if name.written.ssm is not None:
            name.derived = "".join(word[0].upper() + word[1:] for part in path for word in _WORD.findall(str(part)))[
                :255
            ]
        first, where = declared.setdefault(name.stack_parameter, (name, path))
        if first != name:
            yield Fault(
                path,
                f"declares the stack parameter {name.stack_parameter} in another way",
                f"as at {'.'.join(map(str, where))}, or another parameter",
            )


def names(value: Any, path: Path = ()) -> Iterator[tuple[Path, Name]]:  # noqa: ANN401 - any part of a configuration
    """Every name in `value`, with its path."""
    if isinstance(value, Name):
        yield path, value
    elif isinstance(value, msgspec.Struct):
        for field, key in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True):
            yield from names(getattr(value, field), (*path, key))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from names(item, (*path, key))
    elif isinstance(value, tuple | list):
        for place, item in enumerate(value):
            yield from names(item, (*path, place))
