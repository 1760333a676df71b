"""A recording: a folder of logs, CloudTrail events, metric samples, traces and, where known, what CloudWatch did."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import unquote

import msgspec

from mangaobs.errors import Place, RecordingError
from mangaobs.recording._exports import metric_data, segments
from mangaobs.recording._files import Bad, lines, opened
from mangaobs.recording._messages import parsed
from mangaobs.recording._metrics import Milliseconds, Sample, Statistics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT_VERSION: Final = 1
_T = TypeVar("_T")


class LogEvent(msgspec.Struct, frozen=True, rename="camel"):
    """An event of CloudWatch Logs; times in ms since the epoch."""

    timestamp: Milliseconds
    message: str
    log_stream: str = ""
    ingestion_time: Milliseconds | None = None


class _ExportedEvent(msgspec.Struct, frozen=True, rename="camel"):
    """An event as `aws logs filter-log-events` has it."""

    timestamp: Milliseconds
    message: str
    log_stream_name: str = ""
    ingestion_time: Milliseconds | None = None

    def event(self) -> LogEvent:
        return LogEvent(self.timestamp, self.message, self.log_stream_name, self.ingestion_time)


class Trail(msgspec.Struct, frozen=True):
    """A CloudTrail record: its time in ms, and the record itself."""

    timestamp: Milliseconds
    record: dict[str, Any]


class AlarmChange(msgspec.Struct, frozen=True, rename="camel"):
    """A state that CloudWatch itself gave an alarm, at a time in ms."""

    name: str
    timestamp: Milliseconds
    state: str
    reason: str = ""


class Information(msgspec.Struct, frozen=True):
    """`recording.json`."""

    format_version: int = FORMAT_VERSION
    made_at: str | None = None
    start: str | None = None
    end: str | None = None
    accounts: list[str] = []
    regions: list[str] = []
    source: str = ""
    app: str = ""
    incidents: list[Any] = []


class Recording:
    """Reads a recording. Every reader is a stream in the order of its files; `bad` fills as they are read."""

    def __init__(self, folder: Path) -> None:
        """Raises `RecordingError` if `folder` is none, or `recording.json` is of another format."""
        if not folder.is_dir():
            raise RecordingError(f"{folder} is no folder", right="a folder with logs/, cloudtrail/ or metrics.jsonl")
        self.folder = folder
        self.bad = Bad()
        self.information = self._information()
        folders = ("logs", "cloudtrail", "metrics", "traces", "recording.json")
        if not any((folder / name).exists() for name in (*folders, *_LINES)):
            raise RecordingError(f"{folder} is no recording", right="logs/, cloudtrail/ or metrics.jsonl in it")

    def _information(self) -> Information:
        path = self.folder / "recording.json"
        if not path.exists():
            return Information()
        with opened(path) as stream:
            document = parsed(stream.read(), str(path))
        try:
            made = msgspec.convert(document, Information)
        except msgspec.ValidationError as error:
            raise RecordingError(str(error), place=Place(str(path))) from None
        if made.format_version != FORMAT_VERSION:
            raise RecordingError(
                f"format version {made.format_version}", right=f"{FORMAT_VERSION}", place=Place(str(path))
            )
        return made

    def log_groups(self) -> dict[str, Path]:
        """The log groups by name, and their files."""
        found: dict[str, Path] = {}
        for path in sorted((self.folder / "logs").glob("*.json*")):
            name, kind = re.match(r"(.*?)(\.jsonl?(?:\.gz)?)?$", path.name).groups()  # type: ignore[union-attr]
            if kind:
                found[unquote(name)] = path
        return found

    def logs(self, group: str) -> Iterator[tuple[Place, LogEvent]]:
        """The events of a log group and where each stands."""
        path = self.log_groups().get(group)
        if path is None:
            return iter(())
        return self._typed(path, LogEvent) if ".jsonl" in path.name else self._exported_logs(path)

    def _exported_logs(self, path: Path) -> Iterator[tuple[Place, LogEvent]]:
        """The answer of `aws logs filter-log-events`."""
        for number, one in enumerate(self._list(path, "events")):
            try:
                yield Place(str(path)), msgspec.convert(one, _ExportedEvent).event()
            except msgspec.ValidationError as error:
                self.bad.add(str(path), 0, f"/events/{number}: {error}")

    def _list(self, path: Path, key: str) -> list[Any]:
        """A list within a document."""
        with opened(path) as stream:
            found = parsed(stream.read(), str(path)).get(key)
        if isinstance(found, list):
            return found
        self.bad.add(str(path), 1, f'no {{"{key}": […]}}')
        return []

    def cloudtrail(self) -> Iterator[Trail]:
        """The records of all CloudTrail files."""
        for path in sorted((self.folder / "cloudtrail").rglob("*.json*")):
            if not path.name.endswith((".json", ".json.gz")):
                continue
            for index, record in enumerate(self._list(path, "Records")):
                time = _time(record.get("eventTime")) if isinstance(record, dict) else None
                if time is None:
                    self.bad.add(str(path), 0, f"/Records/{index} has no eventTime")
                else:
                    yield Trail(time, record)

    def metrics(self) -> Iterator[Sample | Statistics]:
        """The metrics: samples, or statistics; then those of `metrics/*.json`."""
        yield from self._metric_lines()
        yield from self._metric_data()

    def _metric_data(self) -> Iterator[Statistics]:
        """Answers of `aws cloudwatch get-metric-data`, each `x.json` with its queries in `x.queries.json`."""
        for path in sorted((self.folder / "metrics").glob("*.json")):
            if path.name.endswith(".queries.json"):
                continue
            asked = path.with_name(f"{path.stem}.queries.json")
            if not asked.exists():
                self.bad.add(str(path), 1, f"the queries that it answers are not in {asked.name}")
                continue
            yield from metric_data(self._list(path, "MetricDataResults"), asked, str(path), self.bad)

    def _metric_lines(self) -> Iterator[Sample | Statistics]:
        path = self._lines_file("metrics.jsonl")
        if path is None:
            return
        samples, statistics = msgspec.json.Decoder(Sample), msgspec.json.Decoder(Statistics)
        for number, line in self._raw(path):
            try:
                one: Sample | Statistics = (statistics if b'"stats"' in line else samples).decode(line)
                why = _unusable(one)
            except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
                why = str(error)
            if why:
                self.bad.add(str(path), number, why)
            else:
                yield one

    def traces(self) -> Iterator[dict[str, Any]]:
        """The X-Ray segment documents; then those of `traces/*.json`, answers of `aws xray batch-get-traces`."""
        path = self._lines_file("traces.jsonl")
        if path:
            yield from (one for _, one in self._typed(path, dict[str, Any]))
        for exported in sorted((self.folder / "traces").glob("*.json")):
            for trace in self._list(exported, "Traces"):
                yield from segments(trace, str(exported), self.bad)

    def alarm_history(self) -> Iterator[AlarmChange]:
        """What CloudWatch itself did."""
        path = self._lines_file("alarm_history.jsonl")
        return (one for _, one in self._typed(path, AlarmChange)) if path else iter(())

    def _lines_file(self, name: str) -> Path | None:
        return next((path for path in (self.folder / name, self.folder / f"{name}.gz") if path.exists()), None)

    def _raw(self, path: Path) -> Iterator[tuple[int, bytes]]:
        with opened(path) as stream:
            yield from lines(stream, str(path), self.bad)

    def _typed(self, path: Path, kind: type[_T]) -> Iterator[tuple[Place, _T]]:
        decoder = msgspec.json.Decoder(kind)
        for number, line in self._raw(path):
            try:
                yield Place(str(path), number), decoder.decode(line)
            except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
                self.bad.add(str(path), number, str(error))


_LINES: Final = ("metrics.jsonl", "metrics.jsonl.gz", "traces.jsonl", "traces.jsonl.gz", "alarm_history.jsonl")


def _unusable(one: Sample | Statistics) -> str:
    if isinstance(one, Statistics):
        return "" if one.period > 0 and one.period % 1 == 0 else f"a period of {one.period} seconds"
    if one.counts is not None and len(one.counts) != len(one.values):
        return f"{len(one.values)} values and {len(one.counts)} counts"
    if any(count < 0 for count in one.counts or ()):
        return "a negative count"
    return ""


def _time(text: object) -> int | None:
    if not isinstance(text, str):
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None
