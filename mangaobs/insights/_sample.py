"""What kinds of values the fields of JSON lines have, from lines here and there in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mangaobs.recording import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mangaobs.insights._files import LogFile

_BLOCK: Final = 64 << 10
_PLACES: Final = 8
_MOST_FILES: Final = 16
_WHOLE: Final = 10**15

Kinds = dict[str, "str | Kinds"]
"""Of each key `text`, `number`, `boolean`, `json` (mixed, a list, or only null), or what the keys in it are."""


def kinds_of_lines(files: Sequence[LogFile]) -> Kinds:
    """The kinds of the keys of JSON lines; of very many files, some are looked at."""
    import orjson

    found: Kinds = {}
    for file in files[:: max(len(files) // _MOST_FILES, 1)]:
        for line in _lines(file):
            try:
                document = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            if isinstance(document, dict):
                _merge(found, document)
    return found


def kinds_of_events(file: LogFile) -> Kinds:
    """The kinds of the keys of the JSON in events' messages."""
    import orjson

    found: Kinds = {}
    for line in _lines(file):
        try:
            message = orjson.loads(line)["message"]
            document = orjson.loads(message[message.index("{") : message.rindex("}") + 1])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            continue
        if isinstance(document, dict):
            _merge(found, document)
    return found


def _lines(file: LogFile) -> Iterator[bytes]:
    """Whole lines from several places of a file; of a packed one, from its beginning."""
    if file.packed:
        with opened(file.path) as stream:
            yield from stream.read(_PLACES * _BLOCK).split(b"\n")[:-1]
        return
    size = file.path.stat().st_size
    with file.path.open("rb") as stream:
        if size <= _PLACES * _BLOCK:
            yield from stream.read().split(b"\n")
            return
        for place in range(_PLACES):
            stream.seek((size - _BLOCK) * place // (_PLACES - 1))
            lines = stream.read(_BLOCK).split(b"\n")
            yield from lines[1 if place else 0 : -1]


def _merge(found: Kinds, document: dict[str, Any]) -> None:
    for key, value in document.items():
        kind = _kind(value)
        known = found.get(key)
        if kind == "null":
            continue
        if kind == "object" and (known is None or isinstance(known, dict)):
            _merge(found.setdefault(key, {}), value)  # type: ignore[arg-type]
        elif known is None and kind != "object":
            found[key] = kind
        elif known != kind:
            found[key] = "json"


def _kind(value: Any) -> str:  # noqa: ANN401 - any value of JSON
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float):
        return "number" if abs(value) < _WHOLE else "json"
    return "object" if isinstance(value, dict) and value else "json"
