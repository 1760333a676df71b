"""Reads a TOML file; what is wrong with its syntax is said with its place."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from mangaobs.errors import ConfigurationError, Place

if TYPE_CHECKING:
    from pathlib import Path

_AT = r" \(at line (\d+), column (\d+)\)$| \(at end of document\)$"


def read_text(file: Path) -> str:
    """The text of `file`; raises `ConfigurationError` where it cannot be read."""
    try:
        # utf-8-sig: some editors write a byte order mark, which TOML does not know
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror or error}", place=Place(str(file))) from error
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line_start = before.rfind(b"\n") + 1
        place = Place(str(file), before.count(b"\n") + 1, len(before[line_start:].decode("utf-8", "replace")) + 1)
        raise ConfigurationError("is not UTF-8 text", right="save it as UTF-8", place=place, length=1) from error


def parse(text: str, file: Path) -> dict[str, Any]:
    """The tables of `text`; raises `ConfigurationError` at its first syntax error."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ConfigurationError("is nested too deeply to be read", place=Place(str(file))) from error
    except ValueError as error:
        message = str(error)
        place = Place(str(file))
        if found := re.search(_AT, message):
            message = message[: found.start()]
            place = Place(str(file), *(int(number) for number in found.groups())) if found[1] else _end(text, file)
        problem = message[:1].lower() + message[1:]
        raise ConfigurationError(
            f"is not TOML: {problem}", right=_hint(text, place), place=place, length=1 if place.line else 0
        ) from error


def _end(text: str, file: Path) -> Place:
    return Place(str(file), text.count("\n") + 1, len(text) - text.rfind("\n"))


def _hint(text: str, place: Place) -> str:
    """What is often meant by what TOML does not take."""
    lines = text.split("\n")
    line = lines[place.line - 1].strip() if 0 < place.line <= len(lines) else ""
    value = line.partition("=")[2].strip()
    if value in {"True", "False", "yes", "no", "on", "off", "None", "null"}:
        return "write true or false; leave the key out for nothing"
    if value and value[0].isalpha():
        return "write text in quotes"
    return ""
