"""Random queries over random log lines: every path of the engine gives the rows of the reference evaluator."""

from __future__ import annotations

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from mangaobs.insights import Options, Policy, Window, recorded, run
from mangaobs.insights import given as files_given
from mangaobs.languages.logs_insights import parse

from . import reference
from .strategies import json_lines, lines, policies, queries

START = 1_767_225_600_000
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def close(one, other):
    """Equal, or numbers that differ in the last digits: sums depend on the order of adding."""
    if one == other:
        return True
    if one[:1] in ("[", "{") and one[:1] == other[:1]:  # how JSON writes a number is another matter
        return json.loads(one) == json.loads(other)
    try:
        a, b = float(one), float(other)
    except (TypeError, ValueError):
        return False
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1)


def same(rows, others):
    return len(rows) == len(others) and all(
        row.keys() == other.keys() and all(close(row[key], other[key]) for key in row)
        for row, other in zip(rows, others, strict=True)
    )


def recording(texts, folder):
    (folder / "logs").mkdir()
    with (folder / "logs" / "g.jsonl").open("w", encoding="utf-8") as stream:
        for place, text in enumerate(texts):
            event = {"timestamp": START + place * 1000, "message": text, "logStream": "s", "ingestionTime": START}
            stream.write(json.dumps(event) + "\n")
    return recorded(folder)


def expected(query, texts, policy, *, timed):
    events = [
        reference.Event(text, START + place * 1000 if timed else None, "s", START, "000000000000:g")
        for place, text in enumerate(texts)
    ]
    _, rows = reference.Engine(events, policy=policy).run(parse(query))
    return rows


@pytest.mark.slow
@SLOW
@given(queries(), st.lists(lines(), max_size=8), policies())
def test_recordings(query, texts, policy):
    if "latest" in query and "unnest" in query:
        return  # which of two rows of one event is later is nobody's to say
    wanted = expected(query, texts, policy, timed=True)
    note(query)
    with TemporaryDirectory() as folder:
        files = recording(texts, Path(folder))
        for exact in (False, True):
            found = run(parse(query), files, Options(Window(START), Policy(**policy), exact=exact)).rows
            assert same(found, wanted), (exact, found, wanted)


@pytest.mark.slow
@SLOW
@given(queries(), st.one_of(st.lists(json_lines(), max_size=8), st.lists(lines(), max_size=8)), policies())
def test_lines_of_a_file(query, texts, policy):
    if re.search(r"latest|earliest", query):
        return  # lines have no times
    wanted = expected(query, texts, policy, timed=False)
    note(query)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "g.log"
        path.write_text("".join(text + "\n" for text in texts), encoding="utf-8")
        files = files_given([str(path)], Path(folder))
        for exact in (False, True):
            found = run(parse(query), files, Options(Window(START), Policy(**policy), exact=exact)).rows
            assert same(found, wanted), (exact, found, wanted)
