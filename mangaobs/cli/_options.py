"""Options that several commands read the same way: `NAME=VALUE`, and `--policy NAME=true|false`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.errors import MangaobsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def pairs(option: str, given: Sequence[str], example: str) -> dict[str, str]:
    """The values of an option by their names. Raises `MangaobsError` for what is no `NAME=VALUE`."""
    found: dict[str, str] = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise MangaobsError(f"{option} {one!r} is no NAME=VALUE", right=f"for example {option} {example}")
        found[name] = value
    return found


def answers(given: Sequence[str], questions: Iterable[str]) -> dict[str, bool]:
    """Open questions of AWS's semantics, answered otherwise, by name. Raises `MangaobsError` for what is none."""
    from mangaobs.catalog import did_you_mean

    known = list(questions)
    chosen: dict[str, bool] = {}
    for one in given:
        name, _, value = one.partition("=")
        if name not in known:
            raise MangaobsError(f"there is no policy {name!r}", right=did_you_mean(name, known, ", ".join(known)))
        if value not in ("true", "false"):
            raise MangaobsError(f"--policy {one!r} is neither true nor false", right=f"{name}=true")
        chosen[name] = value == "true"
    return chosen
