"""The rules: their index, and their texts."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mangaobs.lint._app import App
    from mangaobs.lint._found import Found, Severity

_FOLDER: Final = "mangaobs.lint.rules"
ANY: Final = "*"


class Rule(NamedTuple):
    """A rule of the index: which types of resource it is about (`*`: any), and what it says in a few words."""

    id: str
    severity: Severity
    types: tuple[str, ...]
    title: str

    @property
    def check(self) -> Callable[[App], Iterator[Found]]:
        """What finds it; loads the rule's module."""
        return cast("Callable[[App], Iterator[Found]]", import_module(f"{_FOLDER}.{self.id.lower()}").check)


class Text(NamedTuple):
    """What a page says of a rule. `bad` and `good` are templates in YAML, `source` AWS's pages."""

    what: str
    why: str
    source: tuple[str, ...]
    bad: str
    good: str


@cache
def every_rule() -> Mapping[str, Rule]:
    """Every rule by id."""
    text = files(_FOLDER).joinpath("index.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {
        id_: Rule(id_, cast("Severity", severity), tuple(types.split()), title) for id_, severity, types, title in rows
    }


def text_of(rule: Rule) -> Text:
    """The texts of a rule."""
    raw = tomllib.loads(files(_FOLDER).joinpath(f"{rule.id.lower()}.toml").read_text(encoding="utf-8"))
    return Text(raw["what"], raw["why"], tuple(raw["source"]), raw["bad"], raw["good"])
