"""A second evaluator of JSON patterns, plain and slow, from the reference alone: it reads the text as it decides.

Only certain questions: it knows the default policies and gives a plain yes or no.
"""

from __future__ import annotations

import re
from typing import Any

TOKEN = re.compile(
    r'\s*(&&|\|\||[()]|!=|<=|>=|=|<|>|"(?:[^"\\]|\\.)*"|%[^%]*%|IS\s+\w+|NOT\s+EXISTS|\$[^\s()=!<>&|]+|[^\s()&|}"%=<>!]+)'
)
GONE = object()


def matches(pattern: str, event: Any) -> bool:
    inside = pattern.strip()[1:-1]
    tokens = [found[1] for found in TOKEN.finditer(inside)]
    answer, rest = either(tokens, event)
    assert not rest, rest
    return answer


def either(tokens, event):
    answer, tokens = both(tokens, event)
    while tokens and tokens[0] == "||":
        other, tokens = both(tokens[1:], event)
        answer = answer or other
    return answer, tokens


def both(tokens, event):
    answer, tokens = one(tokens, event)
    while tokens and tokens[0] == "&&":
        other, tokens = one(tokens[1:], event)
        answer = answer and other
    return answer, tokens


def one(tokens, event):
    if tokens[0] == "(":
        answer, tokens = either(tokens[1:], event)
        assert tokens[0] == ")"
        return answer, tokens[1:]
    values = look(tokens[0], event)
    test = tokens[1]
    if test.startswith("IS"):
        word = test.split()[1]
        wanted = {"NULL": None, "TRUE": True, "FALSE": False}[word]
        return any(value is wanted for value in values), tokens[2:]
    if test.startswith("NOT"):
        return values == [], tokens[2:]
    return any(compare(value, test, tokens[2]) for value in values), tokens[3:]


def look(selector, event):
    values = [event]
    for step in re.findall(r"\.\*|\[\*\]|\[\d+\]|\.[\w-]+", selector):
        found = []
        for value in values:
            if step == ".*":
                found += list(value.values()) if isinstance(value, dict) else []
            elif step == "[*]":
                found += value if isinstance(value, list) else []
            elif step[0] == "[":
                found += value[int(step[1:-1]) :][:1] if isinstance(value, list) else []
            elif isinstance(value, dict) and step[1:] in value:
                found.append(value[step[1:]])
        values = found
    return values


def compare(value, operator, expected):
    if isinstance(value, (dict, list)) or value is None:
        return False
    quoted = expected[0] == '"'
    text = expected[1:-1].replace('\\"', '"') if quoted else expected
    number = as_number(text)
    if operator in ("<", ">", "<=", ">="):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return {"<": value < number, ">": value > number, "<=": value <= number, ">=": value >= number}[operator]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and number is not None:
        equal = value == number
    else:
        shown = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
        pieces = [re.escape(piece) for piece in text.split("*")]
        equal = re.fullmatch(".*".join(pieces), shown, re.DOTALL) is not None
    return equal if operator == "=" else not equal


def as_number(text):
    return float(text) if re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text) else None
