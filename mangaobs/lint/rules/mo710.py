"""An X-Ray group whose filter cannot be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.catalog import did_you_mean
from mangaobs.lint import _words
from mangaobs.lint._found import Found, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>\"(?:\\.|[^\"\\])*\")|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w.-]*(?:\[[^\]]*\])?)"
    r"|(?P<other>>=|<=|!=|[()=<>!,{}]))"
)


def check(app: App) -> Iterator[Found]:
    """Words, quotes and parentheses of FilterExpression."""
    for group in app.of("AWS::XRay::Group"):
        source = group.properties.get("FilterExpression")
        if not isinstance(source, str):
            continue
        problem = _problem(source)
        if problem:
            at, what, right = problem
            yield Found("MO710", group, what, right, Spot(("FilterExpression",), at, 1))


def _problem(source: str) -> tuple[int, str, str] | None:
    known = _words.of("xray_filter_words.txt")
    families = tuple(one for one in known if one.endswith((".", "[")))
    position = depth = 0
    words = 0
    while source[position:].strip():
        found = _TOKEN.match(source, position)
        if found is None:
            at = position + len(source[position:]) - len(source[position:].lstrip())
            return at, f"{source[at]!r} cannot stand here", "a keyword, a comparison or a text in quotes"
        depth += {"(": 1, ")": -1}.get(found["other"] or "", 0)
        name = found["name"]
        if depth < 0:
            return found.start(), "a ) without its (", ""
        if name is not None:
            words += 1
            if name not in known and not name.startswith(families):
                return (
                    found.start("name"),
                    f"filters know no {name}",
                    did_you_mean(name, known, "service(), annotation.key, http.status …"),
                )
        position = found.end()
    if depth or not words:
        return 0, "a ( is not closed" if depth else "the filter is empty of keywords", "for example fault = true"
    return None
