"""Files of log events: which of them make which log group, and what kind each is."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

from mangaobs.catalog import did_you_mean
from mangaobs.errors import Place, RecordingError
from mangaobs.recording import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class _Event(msgspec.Struct, rename="camel"):
    timestamp: int
    message: str
    log_stream_name: str | None = None
    ingestion_time: int | None = None


class _Export(msgspec.Struct):
    events: list[_Event]


Form: TypeAlias = Literal["lines", "events", "export", "parquet"]
"""`lines`: each a message. `events`: each an event of a recording. `export`: one document, as AWS's command line gives
it. `parquet`: a column for each field."""

_EXPORT: Final = re.compile(rb'\s*\{\s*"events"\s*:\s*\[')
_EVENT: Final = re.compile(rb'\s*\{(?=.*"timestamp"\s*:\s*\d)(?=.*"message"\s*:\s*")', re.DOTALL)
_EVENT_KEYS: Final = {"timestamp", "message", "logStream", "logStreamName", "ingestionTime", "eventId"}
_READ: Final = (".json", ".jsonl", ".log", ".txt", ".ndjson", ".gz", ".parquet")
_PEEK: Final = 1 << 16
NO_ACCOUNT: Final = "000000000000"


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of a log group.

    `named` says whether somebody gave the group's name, rather than the file; `cleaned` lines are each in an object of
    JSON, as their `message`.
    """

    path: Path
    form: Form
    group: str
    account: str = NO_ACCOUNT
    packed: bool = False
    named: bool = True
    recording: Path | None = None
    cleaned: bool = False


def recorded(folder: Path, groups: Sequence[str] = ()) -> list[LogFile]:
    """The log groups of a recording, or those of the names given. Raises `RecordingError`."""
    from mangaobs.recording import Recording

    recording = Recording(folder)
    there = recording.log_groups()
    for group in groups:
        if group not in there:
            right = did_you_mean(group, there, f"one of {', '.join(there) or 'none'}")
            raise RecordingError(f"the recording has no log group {group!r}", right=right)
    account = next(iter(recording.information.accounts), NO_ACCOUNT)
    return [
        LogFile(
            path,
            "events" if ".jsonl" in path.name else "export",
            group,
            account,
            packed=_packed(path),
            recording=folder,
        )
        for group, path in there.items()
        if not groups or group in groups
    ]


def given(patterns: Sequence[str], spool: Path) -> list[LogFile]:
    """The files that `--logs` names: a path, a folder, a pattern, `group=path`, or `-` for standard input.

    Standard input is written to a file in `spool` first, for it can be read once only. Raises `RecordingError`.
    """
    return [one for pattern in patterns for one in _given(pattern, spool)]


def _given(pattern: str, spool: Path) -> Iterator[LogFile]:
    group, sign, rest = pattern.partition("=")
    named = bool(sign) and not Path(pattern).exists()
    for path in _paths(rest if named else pattern, spool):
        form, packed = _form(path)
        yield LogFile(path, form, group if named else path.name.split(".")[0], packed=packed, named=named)


def _paths(pattern: str, spool: Path) -> list[Path]:
    if pattern == "-":
        path = spool / "stdin.jsonl"
        with opened(Path("-")) as stream, path.open("wb") as target:
            while block := stream.read(1 << 20):
                target.write(block)
        return [path]
    path = Path(pattern)
    if path.is_dir():
        below = (one for one in path.rglob("*") if one.is_file() and one.name.endswith(_READ))
        # What is hidden is no log: a recording's cache, for one.
        found = sorted(one for one in below if not any(part.startswith(".") for part in one.relative_to(path).parts))
    elif path.exists():
        found = [path]
    else:
        found = sorted(map(Path, glob.glob(pattern, recursive=True)))  # noqa: PTH207 - it may be absolute
    if not found:
        right = "a file, a folder, a pattern such as 'logs/*.jsonl', or -"
        raise RecordingError(f"{pattern}: no such file", right=right)
    return found


def _packed(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(2) == b"\x1f\x8b"
    except OSError as error:
        raise RecordingError(f"cannot be read: {error.strerror}", place=Place(str(path))) from None


def _form(path: Path) -> tuple[Form, bool]:
    packed = _packed(path)
    with opened(path) as stream:
        start = stream.read(_PEEK)
    if start.startswith(b"PAR1"):
        return "parquet", packed
    if _EXPORT.match(start) and _is_export(start):
        return "export", packed
    return ("events" if _is_event(start) else "lines"), packed


def spooled(file: LogFile, folder: Path) -> LogFile:
    """The events of an export, one a line, as a recording has them. Raises `RecordingError`."""
    import orjson

    with opened(file.path) as stream:
        data = stream.read()
    try:
        document = msgspec.convert(orjson.loads(data), _Export)
    except orjson.JSONDecodeError as error:
        place = Place(str(file.path), error.lineno, error.colno)
        raise RecordingError(f"not JSON: {error.msg}", place=place) from None
    except msgspec.ValidationError as error:
        right = "the answer of aws logs filter-log-events"
        raise RecordingError(str(error), right=right, place=Place(str(file.path))) from None
    path = folder / f"export-{len(list(folder.iterdir()))}.jsonl"
    encoder = msgspec.json.Encoder()
    with path.open("wb") as target:
        for one in document.events:
            event = {
                "timestamp": one.timestamp,
                "message": one.message,
                "logStream": one.log_stream_name,
                "ingestionTime": one.ingestion_time,
            }
            target.write(encoder.encode(event) + b"\n")
    return replace(file, path=path, form="events", packed=False, recording=None)


def _is_export(start: bytes) -> bool:
    """Whether this is one document of events, and not a line that has a list of that name."""
    import orjson

    line = start.lstrip().split(b"\n", 1)[0]
    try:
        events = orjson.loads(line)["events"]
    except orjson.JSONDecodeError:
        return b'"message"' in start  # over several lines, or cut off where the peek ends
    return all(isinstance(one, dict) and "message" in one and "timestamp" in one for one in events)


def _is_event(start: bytes) -> bool:
    """Whether the first line is an event of CloudWatch Logs, and not a message that has such fields beside others."""
    import orjson

    line = start.lstrip().split(b"\n", 1)[0]
    if not _EVENT.match(line):
        return False
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:  # cut off where the peek ends
        return len(start) == _PEEK and b'"level"' not in line
    return isinstance(document, dict) and set(document) <= _EVENT_KEYS
