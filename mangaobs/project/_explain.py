"""Everything that is wrong with a document, each with its exact path.

msgspec decides whether a document is valid, and stops at the first fault; its message leaves the keys of tables out
(`$.tables[...]`). So when it refuses one, this walks the same types once more and lists all faults. Nothing here runs
for a valid document.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import msgspec
from msgspec import inspect

from mangaobs.project._name import Fault, Name, Reference, reference_faults, text_faults
from mangaobs.project._positions import Path

Hook: TypeAlias = Callable[[type, Any], Any]
Hints: TypeAlias = dict[str, Any]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WHERE = re.compile(r" - at `(?:key in )?\$?(.*)`$")


def faults(data: Any, type_: Any, path: Path = (), *, hook: Hook | None = None) -> list[Fault]:  # noqa: ANN401
    """What keeps `data`, found at `path`, from being a `type_`."""
    return list(_Walk(hook).faults(inspect.type_info(type_), data, path, {}))


def dotted(path: Path) -> str:
    """`path` as TOML writes a dotted key."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            words += ("." if words else "") + (part if _BARE.fullmatch(part) else f'"{part}"')
    return words


def nearest(word: str, known: Iterable[str], *, first: Iterable[str] = (), listed: str = "one of") -> str:
    """The name that `word` was probably meant to be, of those in `first` if any comes near; else all that there are."""
    names = list(known)
    for some in (list(first), names):
        lowered = {name.lower().replace("-", "_"): name for name in some}
        if found := difflib.get_close_matches(word.lower().replace("-", "_"), lowered, 1, 0.6):
            return f"did you mean {lowered[found[0]]}?"
    return f"{listed} {', '.join(names)}" if names else ""


def last_words(error: Exception, path: Path) -> Fault:
    """A fault that only msgspec could see, at the place that its message gives."""
    message = str(error)
    if found := _WHERE.search(message):
        message = message[: found.start()]
        for key, place in re.findall(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]", found[1]):
            if place == "...":
                break
            path = (*path, key or int(place))
    return Fault(path, f"is not valid: {message[:1].lower()}{message[1:]}")


def kind_of(value: object) -> str:
    """What a value is, in TOML's words."""
    for types, words in _KINDS:
        if isinstance(value, types):
            return words
    return type(value).__name__


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),
    (int, "a whole number"),
    (float, "a number"),
    (str, "text"),
    (dict, "a table"),
    (list, "a list"),
    ((dt.date, dt.time), "a date or time"),
)
_LISTS = (
    inspect.ListType,
    inspect.VarTupleType,
    inspect.SetType,
    inspect.FrozenSetType,
    inspect.CollectionType,
)


class _Walk:
    def __init__(self, hook: Hook | None) -> None:
        self._hook = hook

    def faults(self, type_: inspect.Type, value: Any, path: Path, hints: Hints) -> Iterator[Fault]:  # noqa: ANN401
        while isinstance(type_, inspect.Metadata):
            hints = hints | (type_.extra or {})
            type_ = type_.type
        for kinds, check in _CHECKS:
            if isinstance(type_, kinds):
                yield from check(self, type_, value, path, hints)

    def struct(self, type_: inspect.StructType, value: Any, path: Path, _: Hints) -> Iterator[Fault]:  # noqa: ANN401
        if not isinstance(value, dict):
            yield _wrong_kind(path, "a table", value)
            return
        fields = {field.encode_name: field for field in type_.fields}
        fine = True
        missing = [name for name in fields if name not in value]
        for key in value:
            if key in fields:
                for fault in self.faults(fields[key].type, value[key], (*path, key), {}):
                    fine = False
                    yield fault
            elif type_.forbid_unknown_fields:
                fine = False
                meant = nearest(key, fields, first=missing)
                # One fault is enough for a key that is misspelled and so missing.
                missing = [name for name in missing if meant != f"did you mean {name}?"]
                yield Fault((*path, key), "is not a key", meant, at_key=True)
        for name in missing:
            if fields[name].required:
                fine = False
                yield Fault(path, f"has no {name}", f"add {name} = …{_meaning(fields[name].type)}", missing=True)
        if fine and hasattr(type_.cls, "__post_init__"):
            try:
                msgspec.convert(value, type_.cls, dec_hook=self._hook)
            except msgspec.ValidationError as error:
                yield Fault(path, f"is not valid: {error}", at_key=True)

    def table(self, type_: inspect.DictType, value: Any, path: Path, _: Hints) -> Iterator[Fault]:  # noqa: ANN401
        if not isinstance(value, dict):
            yield _wrong_kind(path, "a table", value)
            return
        yield from _length(type_, value, path, "entries")
        for key, item in value.items():
            for fault in self.faults(type_.key_type, key, (*path, key), {}):
                yield fault._replace(at_key=True)
            yield from self.faults(type_.value_type, item, (*path, key), {})

    def items(self, type_: Any, value: Any, path: Path, _: Hints) -> Iterator[Fault]:  # noqa: ANN401
        if not isinstance(value, list):
            yield _wrong_kind(path, "a list", value)
            return
        yield from _length(type_, value, path, "entries")
        for place, item in enumerate(value):
            yield from self.faults(type_.item_type, item, (*path, place), {})

    def union(self, type_: inspect.UnionType, value: Any, path: Path, hints: Hints) -> Iterator[Fault]:  # noqa: ANN401
        # TOML has no null: None stands for a key that is left out.
        choices = [choice for choice in type_.types if not isinstance(choice, inspect.NoneType)]
        found = [list(self.faults(choice, value, path, hints)) for choice in choices]
        if all(found):
            yield from min(found, key=lambda several: any(fault.problem.startswith("must be") for fault in several))

    def name(self, type_: inspect.CustomType, value: Any, path: Path, _: Hints) -> Iterator[Fault]:  # noqa: ANN401
        if type_.cls is not Name:
            return
        if isinstance(value, str):
            found = text_faults(value)
        elif isinstance(value, dict):
            structure = list(self.faults(inspect.type_info(Reference), value, path, {}))
            yield from structure
            found = [] if structure else reference_faults(msgspec.convert(value, Reference))
        else:
            found = [_wrong_kind((), 'text, or a table such as { parameter = "…" } or { import = "…" }', value)]
        for fault in found:
            yield fault._replace(path=(*path, *fault.path))


def _wrong_kind(path: Path, kind: str, value: object, right: str = "") -> Fault:
    return Fault(path, f"must be {kind}, not {kind_of(value)}", right)


def _meaning(type_: inspect.Type) -> str:
    if isinstance(type_, inspect.Metadata) and (description := (type_.extra_json_schema or {}).get("description")):
        return f" ({description[:1].lower()}{description[1:]})"
    return ""


def _boolean(_: _Walk, __: inspect.BoolType, value: object, path: Path, ___: Hints) -> Iterator[Fault]:
    if not isinstance(value, bool):
        yield _wrong_kind(path, "true or false", value)


def _choice(
    _: _Walk, type_: inspect.LiteralType | inspect.EnumType, value: object, path: Path, __: Hints
) -> Iterator[Fault]:
    known = type_.values if isinstance(type_, inspect.LiteralType) else tuple(item.value for item in type_.cls)
    listed = f"one of {', '.join(map(str, known))}"
    # True equals 1, and is no number all the same.
    if any(value == item and type(value) is type(item) for item in known):
        return
    if isinstance(value, str) and all(isinstance(item, str) for item in known):
        meant = nearest(value, map(str, known))
        yield Fault(path, f"is {value!r}", meant if meant == listed else f"{meant} It is {listed}")
    elif type(value) is int and all(type(item) is int for item in known):
        near = min((int(str(item)) for item in known), key=lambda item: abs(item - value))
        yield Fault(path, f"is {value}", f"the nearest is {near}; {listed}")
    else:
        yield _wrong_kind(path, kind_of(known[0]), value, listed)


def _number(
    _: _Walk,
    type_: inspect.IntType | inspect.FloatType,
    value: Any,  # noqa: ANN401
    path: Path,
    hints: Hints,
) -> Iterator[Fault]:
    whole = isinstance(type_, inspect.IntType)
    if isinstance(value, bool) or not isinstance(value, int | (int if whole else float)):
        yield _wrong_kind(path, "a whole number" if whole else "a number", value, limits(type_))
        return
    above = (type_.ge is None or value >= type_.ge) and (type_.gt is None or value > type_.gt)
    below = (type_.le is None or value <= type_.le) and (type_.lt is None or value < type_.lt)
    if not (above and below):
        yield Fault(path, f"is {value}", hints.get("right", limits(type_)))


def limits(type_: inspect.IntType | inspect.FloatType) -> str:
    """The numbers that a type allows, in words."""
    if type_.ge is not None and type_.le is not None:
        return f"{type_.ge:,} to {type_.le:,}"
    bounds = (
        (type_.ge, "{:,} or more"),
        (type_.gt, "more than {:,}"),
        (type_.le, "{:,} or less"),
        (type_.lt, "less than {:,}"),
    )
    return ", ".join(words.format(bound) for bound, words in bounds if bound is not None)


def _text(_: _Walk, type_: inspect.StrType, value: Any, path: Path, hints: Hints) -> Iterator[Fault]:  # noqa: ANN401
    if not isinstance(value, str):
        yield _wrong_kind(path, "text", value, hints.get("right", ""))
        return
    if type_.pattern is not None and not re.search(type_.pattern, value):
        yield Fault(path, f"is {value!r}", hints.get("right", f"what matches {type_.pattern}"))
    else:
        yield from _length(type_, value, path, "characters")


def _length(type_: Any, value: Any, path: Path, things: str) -> Iterator[Fault]:  # noqa: ANN401
    if type_.max_length is not None and len(value) > type_.max_length:
        yield Fault(path, f"has {len(value)} {things}", f"at most {type_.max_length}")
    if type_.min_length is not None and len(value) < type_.min_length:
        yield Fault(path, f"has {len(value)} {things}", f"at least {type_.min_length}")


# Each kind of type with its check.
_CHECKS: tuple[tuple[Any, Callable[[_Walk, Any, Any, Path, Hints], Iterator[Fault]]], ...] = (
    (inspect.StructType, _Walk.struct),
    (inspect.DictType, _Walk.table),
    (_LISTS, _Walk.items),
    (inspect.UnionType, _Walk.union),
    (inspect.CustomType, _Walk.name),
    ((inspect.LiteralType, inspect.EnumType), _choice),
    (inspect.BoolType, _boolean),
    ((inspect.IntType, inspect.FloatType), _number),
    (inspect.StrType, _text),
)
