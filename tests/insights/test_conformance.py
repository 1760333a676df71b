"""Cases of expected rows, each with its source, on every way of reading and on the reference evaluator."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from mangaobs.insights import QUESTIONS, Options, Policy, Window, given, recorded, run
from mangaobs.languages.logs_insights import expressions_of, parse, tree, walk
from mangaobs.languages.logs_insights.functions import functions

from . import reference

START = 1_767_225_600_000
END = START + 3_600_000
CASES = Path(__file__).with_name("conformance")


def load(name):
    return yaml.safe_load((CASES / name).read_text(encoding="utf-8"))


def message(event):
    return event if isinstance(event, str) else json.dumps(event)


def expression_cases():
    document = load("expressions.yaml")
    for expression, expected, source in document["cases"]:
        row = {} if expected is None else {"r": expected}
        yield {
            "q": f"fields {expression} as r | display r",
            "lines": [document["line"]],
            "rows": [row],
            "source": source,
        }


def query_cases():
    document = load("queries.yaml")
    for case in document["cases"]:
        yield case | {"lines": document["events"][case["of"]]} if "of" in case else case


CASES_OF_ALL = [*expression_cases(), *query_cases()]


def test_there_are_at_least_three_hundred_cases_each_with_its_source():
    assert len(CASES_OF_ALL) >= 300
    assert all(case["source"] for case in CASES_OF_ALL)


def events_of(case):
    """The events of each log group: message and time."""
    groups = case.get("groups") or {"group": case["lines"]}
    made = {}
    for name, lines in groups.items():
        made[name] = []
        for place, line in enumerate(lines):
            at = START + place * 1000
            if case.get("times") == "field":
                from datetime import datetime

                at = int(datetime.fromisoformat(line["at"]).timestamp() * 1000)
            made[name].append((message(line), at))
    return made


def options(case, **more):
    return Options(Window(END, START, END), Policy(**case.get("policy", {})), **more)


def expected(case):
    return [{name: value for name, value in row.items() if value is not None} for row in case["rows"]]


def agree(found, case):
    wanted = expected(case)
    if case.get("unordered"):
        found, wanted = (sorted(rows, key=lambda row: sorted(row.items())) for rows in (found, wanted))
    assert found == wanted, case["q"]


def written(case, tmp_path):
    """The case's lookup tables as files."""
    import csv

    made = {}
    for name, rows in case.get("lookups", {}).items():
        made[name] = tmp_path / f"{name}.csv"
        with made[name].open("w", newline="") as stream:
            table = csv.DictWriter(stream, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
    return made


def recording(case, folder):
    (folder / "logs").mkdir()
    for name, events in events_of(case).items():
        with (folder / "logs" / f"{name}.jsonl").open("w", encoding="utf-8") as stream:
            for text, at in events:
                event = {"timestamp": at, "message": text, "logStream": "s", "ingestionTime": at + 100}
                stream.write(json.dumps(event) + "\n")
    return recorded(folder)


def lines_files(case, folder):
    names = []
    for name, events in events_of(case).items():
        path = folder / f"{name}.log"
        path.write_text("".join(text + "\n" for text, _ in events), encoding="utf-8")
        names.append(f"{name}={path}")
    return given(names, folder)


def ids():
    return [f"{place}-{case['q'][:60]}" for place, case in enumerate(CASES_OF_ALL)]


@pytest.mark.parametrize("case", CASES_OF_ALL, ids=ids())
def test_the_reference_evaluator(case):
    groups = {
        name: [reference.Event(text, at, "s", at + 100, f"000000000000:{name}") for text, at in events]
        for name, events in events_of(case).items()
    }
    every = [event for events in groups.values() for event in events]
    engine = reference.Engine(
        every,
        policy=case.get("policy"),
        now=END,
        start=START,
        end=END,
        groups=groups,
        lookups=case.get("lookups"),
    )
    _, rows = engine.run(parse(case["q"]))
    agree(rows, case)


@pytest.mark.parametrize("case", CASES_OF_ALL, ids=ids())
def test_a_recording_through_its_cache_and_without(case, tmp_path):
    files = recording(case, tmp_path)
    query = parse(case["q"])
    lookups = written(case, tmp_path)
    for more in ({}, {}, {"exact": True}):  # ingested now, read from the cache, read anew
        agree(run(query, files, options(case, lookups=lookups, **more)).rows, case)


# What a file of lines has not: times of its own, streams, bounds of the query.
ONLY_EVENTS = re.compile(
    r"bin\(|@ingestionTime|@logStream|earliest|latest|query(Start|End)|queryTime|(?<!sort )@timestamp"
)


def only_events(case):
    texts = [text for events in events_of(case).values() for text, _ in events]
    lists = re.search(r"fields|display|stats", case["q"], re.IGNORECASE)
    return (
        ONLY_EVENTS.search(case["q"]) is not None
        or re.search(r"sort @timestamp asc", case["q"]) is not None  # ascending, missing times are no order
        or not lists
        or any("\n" in text for text in texts)
    )


OF_LINES = [case for case in CASES_OF_ALL if not only_events(case)]


@pytest.mark.parametrize("case", OF_LINES, ids=[f"{place}-{case['q'][:60]}" for place, case in enumerate(OF_LINES)])
def test_lines_of_files_on_the_fast_path_and_the_exact_one(case, tmp_path):
    files = lines_files(case, tmp_path)
    query = parse(case["q"])
    lookups = written(case, tmp_path)
    for exact in (False, True):
        chosen = Options(Window(END), Policy(**case.get("policy", {})), lookups=lookups, exact=exact)
        agree(run(query, files, chosen).rows, case)


# What the cases leave out would be proven by nobody.


def trees():
    return [parse(case["q"]) for case in CASES_OF_ALL]


def calls():
    return {
        one.function
        for query in trees()
        for command in query.commands
        for expression in expressions_of(command)
        for one in walk(expression)
        if isinstance(one, tree.Call)
    }


def test_every_function_that_runs_has_a_case():
    every = {one.name for one in functions().values()}
    assert every - calls() == {"rate", "histogram"}  # these do not run here


def test_every_command_that_runs_has_a_case():
    every = {one for one in get_args(tree.Command) if one is not tree.Inexact}
    assert every == {type(command) for query in trees() for command in query.commands}


def test_every_open_question_has_a_case_for_its_other_answer():
    other = {
        name
        for case in CASES_OF_ALL
        for name, answer in case.get("policy", {}).items()
        if answer != getattr(Policy(), name)
    }
    assert other == set(QUESTIONS)
