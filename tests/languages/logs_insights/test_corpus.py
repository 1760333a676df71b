"""Real queries from public repositories, where that folder is at hand: read, checked, each refusal judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mangaobs.errors import MangaobsError
from mangaobs.languages.logs_insights import check, format_query, parse

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus" / "insights_queries.jsonl"
pytestmark = pytest.mark.skipif(not CORPUS.is_file(), reason="the corpus of real queries is not on this machine")


def queries():
    return [json.loads(line)["query"] for line in CORPUS.read_text(encoding="utf-8").splitlines()]


def judged():
    rows = Path(__file__).with_name("corpus_refused.tsv").read_text(encoding="utf-8").splitlines()
    return {int(number) for number, *_ in (row.split("\t") for row in rows if not row.startswith("#"))}


def test_each_query_that_is_refused_was_judged_and_no_other_is():
    refused = {
        number
        for number, text in enumerate(queries(), 1)
        if any(finding.severity == "error" for finding in check(text))
    }
    assert refused == judged()


def test_formatted_each_is_the_same_query_with_the_same_comments():
    for text in queries():
        try:
            query = parse(text)
        except MangaobsError:
            continue
        formatted = format_query(query)
        again = parse(formatted)
        assert again == query, formatted
        assert [one.text for one in again.comments] == [one.text for one in query.comments]
        assert format_query(again) == formatted
