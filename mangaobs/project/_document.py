"""Writes the reference of the configuration from its types."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

from mangaobs.project._explain import limits
from mangaobs.project._name import Name, Reference
from mangaobs.project.configuration import Configuration

_HEAD = """\
# Configuration

<!-- Generated from mangaobs/project/configuration.py: change it there. -->

A project is configured in `mangaobs.toml`, in the folder that holds `alarms/`, `dashboards/`, `queries/` and
`handlers/`.

- `[env.NAME]` holds what is different in an environment; `--env NAME` merges it over the rest. Tables are merged, all
  other values replaced.
- `--set key.path=value` comes last. The value is TOML if it parses, else text: `--set alarms.query_p99_ms=40`,
  `--set application=manga`.
- Wherever the type is *name*, the value is text, in which `${AWS::AccountId}`, `${AWS::Partition}` and `${AWS::Region}`
  stand for the stack's own, or one of the tables under [Names](#names).
- An unknown key, a wrong type or an impossible combination is refused with its line and column.
"""


def document(thresholds: type[msgspec.Struct] | None = None) -> str:
    """`docs/configuration.md`: each section's keys with type, default and meaning, and an example.

    `thresholds` is the project's own type of `[alarms]`.
    """
    parts = [_HEAD, *_section("Top level", "", Configuration, thresholds)]
    parts += _section("Names", "", Reference, None)
    return "\n".join(parts).rstrip("\n") + "\n"


def _section(title: str, path: str, cls: type, thresholds: type[msgspec.Struct] | None) -> Iterator[str]:
    summary, example = _docstring(cls)
    struct = inspect.type_info(cls)
    assert isinstance(struct, inspect.StructType)  # noqa: S101 - only called with those
    yield f"## {title}\n\n{summary}\n"
    yield "| key | type | default | meaning |\n|---|---|---|---|"
    below: list[tuple[str, type]] = []
    for field in struct.fields:
        type_, meaning = _unwrapped(field.type)
        words = _words(type_)
        inner, end = _section_below(type_)
        if inner is not None:
            below.append((f"{path}.{field.encode_name}{end}".lstrip("."), inner))
        if field.encode_name == "alarms" and cls is Configuration:
            words = "table"
            if thresholds is not None:
                below.append(("alarms", thresholds))
        yield f"| `{field.encode_name}` | {words} | {_default(field)} | {_cell(meaning)} |"
    yield ""
    if example:
        yield f"```toml\n{example}\n```\n"
    described: set[type] = set()
    for at, inner in below:
        if inner not in described:
            yield from _section(f"`[{at}]`", at, inner, None)
        described.add(inner)


def _docstring(cls: type) -> tuple[str, str]:
    """The meaning and the TOML example of a section."""
    text = textwrap.dedent("    " + (cls.__doc__ or "")).strip()
    # msgspec gives a struct without a docstring the signature of its class
    if text.startswith(f"{cls.__name__}("):
        text = ""
    before, _, rest = text.partition("```toml")
    return before.strip(), textwrap.dedent(rest.partition("```")[0]).strip()


def _unwrapped(type_: inspect.Type) -> tuple[inspect.Type, str]:
    meaning = ""
    while isinstance(type_, inspect.Metadata):
        meaning = meaning or str((type_.extra_json_schema or {}).get("description", ""))
        type_ = type_.type
    return type_, meaning


def _section_below(type_: inspect.Type) -> tuple[type | None, str]:
    """The struct that has a section of its own, and what its path ends in: `.KEY` in a table of tables."""
    type_ = _unwrapped(type_)[0]
    if isinstance(type_, inspect.StructType):
        return type_.cls, ""
    if isinstance(type_, inspect.DictType):
        return _section_below(type_.value_type)[0], ".KEY"
    if isinstance(type_, inspect.VarTupleType | inspect.ListType):
        return _section_below(type_.item_type)
    if isinstance(type_, inspect.UnionType):
        return next((below for one in type_.types if (below := _section_below(one))[0] is not None), (None, ""))
    return None, ""


def _words(type_: inspect.Type) -> str:
    """A type in words."""
    type_ = _unwrapped(type_)[0]
    words = _SIMPLE.get(type(type_), "any")
    if isinstance(type_, inspect.UnionType):
        words = " or ".join(_words(one) for one in type_.types if not isinstance(one, inspect.NoneType))
    elif isinstance(type_, inspect.DictType):
        words = f"table of {_words(type_.value_type)}".replace("of table", "of tables")
    elif isinstance(type_, inspect.VarTupleType | inspect.ListType):
        words = f"list of {_words(type_.item_type)}".replace("of table", "of tables")
    elif isinstance(type_, inspect.LiteralType):
        words = " \\| ".join(f"`{_toml(value)}`" for value in type_.values)
    elif isinstance(type_, inspect.IntType | inspect.FloatType):
        words = ", ".join(part for part in (words, limits(type_)) if part)
    elif isinstance(type_, inspect.CustomType):
        words = "[name](#names)" if type_.cls is Name else type_.cls.__name__
    return words


_SIMPLE: dict[type, str] = {
    inspect.StructType: "table",
    inspect.BoolType: "true or false",
    inspect.StrType: "text",
    inspect.IntType: "whole number",
    inspect.FloatType: "number",
}


def _default(field: inspect.Field) -> str:
    if field.required:
        return "*required*"
    default: Any = field.default
    if default is msgspec.NODEFAULT:
        default = field.default_factory() if callable(field.default_factory) else None
    if default is None or isinstance(default, msgspec.Struct) or default in ({}, (), "", []):
        return ""
    return f"`{_toml(default)}`"


def _toml(value: Any) -> str:  # noqa: ANN401 - any default
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
