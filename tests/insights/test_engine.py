"""The engine under little memory, and what it does with what does not fit."""

from __future__ import annotations

import json

import pytest

from mangaobs.insights import EngineError, Options, Policy, Window, given, recorded, run
from mangaobs.languages.logs_insights import parse


def lines(path, count, make):
    with path.open("w") as stream:
        for number in range(count):
            stream.write(json.dumps(make(number)) + "\n")
    return path


def test_an_aggregate_that_cannot_be_put_aside_is_named(tmp_path):
    path = lines(tmp_path / "a.jsonl", 150_000, lambda number: {"k": f"{number:0200d}"})
    with pytest.raises(EngineError) as caught:
        run(parse("stats values(k)"), given([str(path)], tmp_path), Options(Window(0), memory_mb=64))
    assert "values hold every value in memory" in caught.value.right


def test_rows_that_outgrow_memory_are_sorted_on_disk(tmp_path):
    path = lines(tmp_path / "a.jsonl", 60_000, lambda number: {"k": number % 977, "x": "y" * 1500})
    options = Options(Window(0), memory_mb=128)
    found = run(parse("fields k, x | sort k desc | limit 10000"), given([str(path)], tmp_path), options).rows
    assert len(found) == 10_000
    assert found[0]["k"] == "976"


def recording(tmp_path, messages):
    folder = tmp_path / "recording"
    (folder / "logs").mkdir(parents=True)
    with (folder / "logs" / "g.jsonl").open("w") as stream:
        for place, message in enumerate(messages):
            stream.write(json.dumps({"timestamp": place, "message": message}) + "\n")
    return folder


def test_lines_unlike_those_of_the_sample_are_found_where_they_are(tmp_path):
    # Given a recording whose sample has numbers and nothing else, and other lines where the sample does not look
    usual = [json.dumps({"a": number, "pad": "x" * 200}) for number in range(8000)]
    odd = [
        '{"a": "text", "pad": "y"}',
        '{"a": 1, "new": {"key": true}}',
        '{"a": 12345678901234567}',
        '{"pad": null, "a": 3}',
    ]
    folder = recording(tmp_path, [*usual[:2000], *odd, *usual[2000:]])
    files = recorded(folder)

    def rows(query):
        return run(parse(query), files, Options(Window(0))).rows

    # When and then
    assert rows("filter a = 'text' | fields pad") == [{"pad": "y"}]
    assert rows("filter new.key | fields a") == [{"a": "1"}]
    assert rows("filter a > 9000 | fields a") == [{"a": "12345678901234567"}]
    assert rows("filter ispresent(a) | stats count(*) as n") == [{"n": "8004"}]
    assert rows("filter !ispresent(pad) | stats count(*) as n") == [{"n": "3"}]


def test_lines_that_are_no_events_are_told_of(tmp_path):
    folder = recording(tmp_path, ['{"a": 1}', '{"a": 2}'])
    with (folder / "logs" / "g.jsonl").open("a") as stream:
        stream.write('not JSON\n{"timestamp": 5}\n{"timestamp": 6, "message": "{\\"a\\": 4}"}\n')
    for exact in (False, True):
        result = run(parse("stats sum(a) as s, count(*) as n"), recorded(folder), Options(Window(0), exact=exact))
        assert result.rows == [{"s": "7", "n": "3"}]
        assert "2 lines are no events with a timestamp and a message" in result.notes[0]


def test_a_packed_recording_is_read(tmp_path):
    import gzip

    folder = recording(tmp_path, ['{"a": 1}', '{"a": 2}'])
    path = folder / "logs" / "g.jsonl"
    (folder / "logs" / "g.jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    for exact in (False, True):
        result = run(parse("stats sum(a) as s"), recorded(folder), Options(Window(0), exact=exact))
        assert result.rows == [{"s": "3"}]


def test_a_cache_that_was_cut_short_is_made_anew(tmp_path):
    folder = recording(tmp_path, ['{"a": 1}'])
    files = recorded(folder)
    query = parse("stats sum(a) as s")
    assert run(query, files, Options(Window(0))).rows == [{"s": "1"}]
    (facts,) = (folder / ".cache").rglob("*.json")
    facts.write_text("{")
    assert run(query, files, Options(Window(0))).rows == [{"s": "1"}]


def test_fields_of_lines_that_the_sample_promised_to_be_strings_may_turn_out_others(tmp_path):
    def make(number):
        return {"k": True if number == 5000 else "x", "pad": "y" * 200}

    path = lines(tmp_path / "a.jsonl", 10_000, make)
    found = run(parse("stats count(*) as n by k | sort n asc"), given([str(path)], tmp_path), Options(Window(0))).rows
    assert found == [{"k": "1", "n": "1"}, {"k": "x", "n": "9999"}]


def test_a_recording_nobody_may_write_to_is_read_all_the_same(tmp_path, monkeypatch):
    from mangaobs.insights import _ingest

    folder = recording(tmp_path, ['{"a": 1}'])

    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_ingest, "_made", refused)
    result = run(parse("stats sum(a) as s"), recorded(folder), Options(Window(0), Policy()))
    assert result.rows == [{"s": "1"}]
    assert "no cache there (Permission denied)" in result.notes[0]
