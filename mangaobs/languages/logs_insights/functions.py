"""The functions of the language: how many arguments each takes and what it gives. The list is `functions.tsv`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple


class Function(NamedTuple):
    """A function; `most` is None where any number of arguments may follow."""

    name: str
    least: int
    most: int | None
    group: str
    result: str
    documented: bool = True

    @property
    def aggregate(self) -> bool:
        """Whether it stands in `stats` only."""
        return self.group == "aggregate"

    @property
    def takes(self) -> str:
        """How many arguments it takes, in words."""
        if self.most is None:
            return f"{self.least} or more arguments"
        many = f"{self.least} to {self.most}" if self.least != self.most else str(self.least)
        return f"{many} argument{'' if many == '1' else 's'}"


def key(name: str) -> str:
    """What two spellings of one name share: AWS writes `countDistinct` and `count_distinct`, people any case."""
    return name.replace("_", "").lower()


@cache
def functions() -> dict[str, Function]:
    """Every function by the `key` of its names."""
    found: dict[str, Function] = {}
    for line in Path(__file__).with_name("functions.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, least, most, group, result, *other = line.split("\t")
        one = Function(
            name, int(least), None if most == "-" else int(most), group, result, documented="undocumented" not in other
        )
        found[key(name)] = one
        found |= {key(alias): one for alias in other if alias != "undocumented"}
    return found
