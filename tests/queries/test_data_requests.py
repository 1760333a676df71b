"""The queries about people's requests, run on lines that the runtime wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handlers.signals import DATA_REQUEST_STEP, SIGNALS
from mangaobs.insights import Options, Window, recorded, run
from mangaobs.languages.logs_insights import parse
from mangaobs.runtime import _log, configure, log_event

NOW = 1_767_225_600  # 2026-01-01T00:00:00Z
HOUR, DAY = 3600, 86_400
# A request's id begins with the person's hash and the kind's letter.
ANN, BEN = "a" * 32, "b" * 32
ERASED, STUCK, FAILED, EXPORT = f"{ANN}-e-1", f"{BEN}-e-2", f"{'c' * 32}-e-3", f"{BEN}-a-4"
# (seconds before now, request, kind, step, detail, sessions, items, versions), in the order of time
STEPS = [
    (30 * DAY, STUCK, "erasure", "start", "", 0, 0, 0),
    (30 * DAY - 1, STUCK, "erasure", "closed", "", 0, 0, 0),
    (29 * DAY, STUCK, "erasure", "search-001", "found", 3, 40, 7),
    (5 * DAY, FAILED, "erasure", "start", "", 0, 0, 0),
    (4 * DAY, FAILED, "erasure", "failed", "", 1, 2, 0),
    (2 * DAY, ERASED, "erasure", "start", "", 0, 0, 0),
    (2 * DAY - 60, ERASED, "erasure", "search-001", "found", 2, 8, 1),
    (2 * DAY - 120, ERASED, "erasure", "account", "DELETED", 2, 8, 1),
    (2 * DAY - 121, ERASED, "erasure", "finish", "", 2, 8, 1),
    (DAY, STUCK, "erasure", "search-002", "locked 7", 3, 40, 7),
    (HOUR, EXPORT, "access", "start", "", 0, 0, 0),
]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A recording of the steps, as the runtime writes their lines, and of a line of another event."""
    folder = tmp_path_factory.mktemp("recording")
    (folder / "logs").mkdir()
    written: list[bytes] = []
    at = [NOW]
    configure(write=written.append, signals=SIGNALS, session_key=b"key", environ={}, clock=lambda: at[0])
    for ago, request, kind, step, detail, sessions, items, versions in STEPS:
        at[0] = NOW - ago
        log_event(
            DATA_REQUEST_STEP,
            data_request=request,
            kind=kind,
            step=step,
            detail=detail,
            session_count=sessions,
            item_count=items,
            version_count=versions,
        )
    lines = [*map(json.loads, b"".join(written).splitlines()), {"event": "admin_action", "timestamp": stamp(NOW)}]
    with (folder / "logs" / "%2Faws%2Flambda%2Fdata-subject.jsonl").open("w", encoding="utf-8") as stream:
        for line in lines:
            moment = int(datetime.fromisoformat(line["timestamp"]).timestamp() * 1000)
            event = {"timestamp": moment, "message": json.dumps(line), "logStream": "s"}
            stream.write(json.dumps(event) + "\n")
    yield folder
    _log.assembled = None
    _log._threshold = 0


def stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


@pytest.fixture
def rows(manga, recording):
    def of(name, **arguments):
        query = next(query for query in manga.queries if query.name == name)
        tree = parse(query.filled(arguments))
        result = run(tree, recorded(recording), Options(Window(NOW * 1000)))
        return [{key: value for key, value in row.items() if key != "@ptr"} for row in result.rows]

    return of


def test_the_steps_of_all_requests_come_newest_first(rows):
    found = rows("data-request-steps")
    assert [row["data_request"] for row in found] == [step[1] for step in reversed(STEPS)]
    assert found[1] == {
        "@timestamp": "2025-12-31 00:00:00.000",
        "data_request": STUCK,
        "kind": "erasure",
        "step": "search-002",
        "detail": "locked 7",
        "session_count": "3",
        "item_count": "40",
        "version_count": "7",
    }


def test_the_steps_of_one_request_are_found_by_its_id(rows):
    steps = [row["step"] for row in rows("data-request-steps", data_request=ERASED)]
    assert steps == ["finish", "account", "search-001", "start"]


def test_the_steps_of_one_person_are_found_by_the_hash_that_ids_begin_with(rows):
    found = rows("data-request-steps", data_request=BEN)
    assert {row["data_request"] for row in found} == {STUCK, EXPORT}


def test_a_request_that_nobody_made_has_no_steps(rows):
    assert rows("data-request-steps", data_request="d" * 32) == []


def test_open_requests_are_those_without_a_finish_the_oldest_first_with_their_last_step_and_age(rows):
    found = [(row["data_request"], row["last_step"], float(row["age_days"])) for row in rows("open-data-requests")]
    assert [(request, step) for request, step, _ in found] == [
        (STUCK, "search-002"),
        (FAILED, "failed"),
        (EXPORT, "start"),
    ]
    assert [age for _, _, age in found] == pytest.approx([30, 5, 1 / 24])


def test_an_open_request_says_what_was_done_until_now(rows):
    (stuck, *_) = rows("open-data-requests")
    assert (stuck["kind"], stuck["sessions"], stuck["items"]) == ("erasure", "3", "40")
    assert stuck["last_seen"].startswith(("2025-12-31 00:00:00", "1767139200000"))
