"""Log events of a single file, whichever of AWS's tools wrote it: the messages as a filter pattern sees them.

Read are lines (each a message), CloudTrail's `{"Records": […]}`, the answers of `aws logs filter-log-events` and
`get-log-events` (`{"events": […]}`) and of `aws cloudtrail lookup-events` (`{"Events": […]}`).
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from mangaobs.errors import Place, RecordingError
from mangaobs.recording._files import Bad, lines, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WRAPPED: Final = re.compile(rb'\s*\{\s*"(Records|events|Events)"\s*:\s*\[')
_PEEK: Final = 4096
MAX_DOCUMENT_BYTES: Final = 512 << 20


class Message(NamedTuple):
    """One log event: text, file, and line in it (0: the file is one document)."""

    text: str
    file: str
    line: int = 0


def messages(path: Path, bad: Bad) -> Iterator[Message]:
    """The messages of a file in order. Raises `RecordingError` if the file cannot be read at all."""
    file = "standard input" if str(path) == "-" else str(path)
    with opened(path) as stream:
        first = b"".join(_start(stream))
        if _WRAPPED.match(first):
            yield from _document(first + stream.read(MAX_DOCUMENT_BYTES), file, bad)
            return
        for number, line in lines(stream, file, bad, first=first):
            try:
                yield Message(line.decode(), file, number)
            except UnicodeDecodeError as error:
                bad.add(file, number, f"not UTF-8: byte {error.start + 1}")


def _start(stream: IO[bytes]) -> Iterator[bytes]:
    """The first line; further ones while they are blank or a document's beginning may go on over them."""
    line = stream.readline(_PEEK)
    yield line
    if line.strip() in (b"", b"{") and line:
        second = stream.readline(_PEEK)
        yield second
        if second.strip() in (b'"Records":', b'"events":', b'"Events":'):
            yield stream.readline(_PEEK)


def _document(data: bytes, file: str, bad: Bad) -> Iterator[Message]:
    document = parsed(data, file)
    for key in ("Records", "events", "Events"):
        found = document.get(key)
        if isinstance(found, list):
            for index, one in enumerate(found):
                message = _message(one, file, key)
                if message is None:
                    bad.add(file, 0, f"/{key}/{index} is no {'record' if key == 'Records' else 'event'}")
                else:
                    yield message
            return


def _message(one: object, file: str, key: str) -> Message | None:
    if not isinstance(one, dict):
        return None
    if key == "Records":
        import orjson

        return Message(orjson.dumps(one).decode(), file)
    text = one.get("message" if key == "events" else "CloudTrailEvent")
    return Message(text, file) if isinstance(text, str) else None


def parsed(data: bytes, file: str) -> dict[str, Any]:
    """A document that is a JSON object. Raises `RecordingError` with line and column."""
    import orjson

    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise RecordingError(f"not JSON: {error.msg}", place=Place(file, error.lineno, error.colno)) from None
    if not isinstance(document, dict):
        raise RecordingError("no JSON object", place=Place(file, 1, 1))
    return document
