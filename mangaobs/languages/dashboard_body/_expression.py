"""What can be said about the expression of a row without evaluating it: ids, functions, searches, queries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from mangaobs.catalog import nearest
from mangaobs.languages.dashboard_body._facts import LIMITS, MATH_FUNCTIONS
from mangaobs.languages.dashboard_body._finding import show
from mangaobs.languages.statistic import is_statistic

_TOKEN = re.compile(
    r"""(?P<quoted>'(?:\\.|[^'\\])*'?|"(?:\\.|[^"\\])*"?)"""
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)(?P<call>\s*\()?",
    re.DOTALL,
)
_QUERY = re.compile(r"\s*SELECT\b", re.IGNORECASE)
# A Metrics Insights query has no arithmetic; quotes hold whatever has an operator in its name.
_ARITHMETIC = re.compile(r"\)\s*[-+*/^]|[-+*/^]\s*[0-9.]+\s*$")


class Expression(NamedTuple):
    """An expression: whether it is a Metrics Insights query, the ids and functions in it, its searches."""

    is_query: bool
    mixes_query: bool
    ids: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    search_statistics: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def expression_parts(text: str) -> Expression:
    """The parts of an expression."""
    is_query = _QUERY.match(text) is not None
    ids: dict[str, None] = {}
    functions: dict[str, None] = {}
    searches: list[str] = []
    statistics: list[str] = []
    selects = 0
    unquoted: list[str] = []
    argument = -1  # the number of the next quoted argument, inside of SEARCH( … )
    end = 0
    for token in _TOKEN.finditer(text):
        unquoted.append(text[end : token.start()])
        end = token.end()
        quoted, word = token["quoted"], token["word"]
        if quoted is None:
            unquoted.append(token[0])
        if quoted is not None and argument >= 0:
            inner = quoted.strip(quoted[0]).replace('\\"', '"')
            (statistics if argument else searches).append(inner)
            argument = 1 if argument == 0 else -1
            continue
        argument = -1
        if word is None:
            continue
        if word.upper() == "SELECT":
            selects += 1
        elif token["call"]:
            functions[word] = None
            argument = 0 if word == "SEARCH" else -1
        elif word[0].islower():
            ids[word] = None
    unquoted.append(text[end:])
    mixes = selects > 1 or bool(selects and not is_query)
    if is_query and not mixes:
        mixes = _ARITHMETIC.search("".join(unquoted)) is not None
    if is_query or mixes:  # the words of a query are no ids
        return Expression(is_query, mixes)
    return Expression(is_query, mixes, tuple(ids), tuple(functions), tuple(searches), tuple(statistics))


def expression_problems(text: str) -> Iterator[tuple[str, str]]:
    """What is wrong with an expression by itself: rule and sentence."""
    parts = expression_parts(text)
    if parts.mixes_query:
        right = "give the query a row of its own, and refer to its id from the math of another row"
        yield "R9", f"expression {show(text)} mixes a Metrics Insights query with something else; {right}"
    most = LIMITS["search_expression_chars"].most
    for search in parts.searches:
        if len(search) > most:
            yield "R13", f"a SEARCH has {len(search):,} characters; CloudWatch takes at most {most:,.0f}"
    for statistic in parts.search_statistics:
        if not is_statistic(statistic):
            yield "statistic", f"a SEARCH asks for the statistic {show(statistic)}, which does not exist"
    for function in parts.functions:
        if function.isupper() and function not in MATH_FUNCTIONS:
            near = nearest(function, MATH_FUNCTIONS)
            hint = f"did you mean {near}?" if near else "see CloudWatch's list of metric math functions"
            yield "expression", f"expression calls {function}, which metric math does not have; {hint}"
