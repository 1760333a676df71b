"""Parameters: typed, quoted as Logs Insights quotes, and never a way to say something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaobs.errors import DefinitionError
from mangaobs.model.query import QueryParameter

from .insights import tokenize


def one(queries, name):
    return next(query for query in queries if query.name == name)


def test_an_id_is_quoted_when_it_is_filled_in(manga):
    filled = one(manga.queries, "request").filled({"request_id": "c6af9ac6"})
    assert 'filter request_id = "c6af9ac6" or correlation_id = "c6af9ac6"' in filled


def test_a_threshold_is_a_number_when_it_is_filled_in(manga):
    query = one(manga.queries, "near-timeouts")
    assert "> 80)" in query.filled()
    assert "> 92.5)" in query.filled({"percent": "92.5"})


@pytest.mark.parametrize("wrong", ["much", "", "nan", "inf", "-inf", "1e999", "80 or 1 = 1", "80 | limit 1"])
def test_text_for_a_number_is_refused(manga, wrong):
    with pytest.raises(DefinitionError, match="percent"):
        one(manga.queries, "near-timeouts").filled({"percent": wrong})


@pytest.mark.parametrize("wrong", ["2.5", "nan", "many"])
def test_a_fraction_for_a_whole_number_is_refused(manga, wrong):
    with pytest.raises(DefinitionError, match="requests_a_minute"):
        one(manga.queries, "abnormal-sessions").filled({"requests_a_minute": wrong})


def test_a_parameter_that_the_query_has_not_is_refused_with_those_that_it_has(manga):
    with pytest.raises(DefinitionError, match="no parameter 'precent'") as raised:
        one(manga.queries, "near-timeouts").filled({"precent": 90})
    assert raised.value.right == "percent"


def test_prices_are_parameters_with_defaults(manga):
    query = one(manga.queries, "bedrock-tokens")
    assert [(parameter.type, parameter.default) for parameter in query.parameters] == [
        ("number", 0.003),
        ("number", 0.015),
    ]
    assert "parameters" in query.text.splitlines()[0]


@pytest.mark.parametrize(
    ("number", "written"),
    [(0.000000125, "0.000000125"), (1234567.0, "1234567"), (1e22, "10000000000000000000000"), (0.003, "0.003")],
)
def test_a_number_keeps_every_digit_and_has_no_exponent(number, written):
    assert QueryParameter("price", 0.5, type="number").literal(number) == written


def test_a_default_that_is_no_number_is_refused():
    with pytest.raises(DefinitionError, match="finite"):
        QueryParameter("price", float("nan"), type="number")


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs",))))
def test_whatever_the_text_it_stays_one_string(text):
    literal = QueryParameter("id", "x").literal(text)
    assert tokenize(f"filter a = {literal}")[3:] == [("string", literal)]
