"""The base of the languages' trees: what a frozen dataclass would be, without the code that each of them generates.

`query check` runs on each save of a file, and `lint` reads five languages; dataclasses alone took a third of the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, dataclass_transform

if TYPE_CHECKING:
    from mangaobs.languages.parsing import Span

_APART = ("span", "name_span", "written", "text_of_query", "comments", "notes")


@dataclass_transform(frozen_default=True)
class Node:
    """Holds the fields that a class annotates, in their order. Where a node stands does not make it another node."""

    _fields: ClassVar[tuple[str, ...]] = ()
    _compared: ClassVar[tuple[str, ...]] = ()

    if TYPE_CHECKING:
        span: Span

    def __init_subclass__(cls) -> None:
        cls._fields = tuple(cls.__annotations__)
        cls._compared = tuple(name for name in cls._fields if name not in _APART)

    def __init__(self, *values: object, **named: object) -> None:
        self.__dict__.update(zip(self._fields, values, strict=False))
        self.__dict__.update(named)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._compared)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self._compared)))

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._compared)
        return f"{type(self).__name__}({inner})"
