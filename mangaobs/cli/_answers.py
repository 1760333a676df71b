"""`--policy NAME=true|false`: an open question of AWS's semantics, answered otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.errors import MangaobsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def answers(given: Sequence[str], questions: Iterable[str]) -> dict[str, bool]:
    """The answers by the names of their questions. Raises `MangaobsError` for what is none."""
    from mangaobs.catalog import nearest

    known = list(questions)
    chosen: dict[str, bool] = {}
    for one in given:
        name, _, value = one.partition("=")
        if name not in known:
            near = nearest(name, known)
            right = f"did you mean {near}?" if near else ", ".join(known)
            raise MangaobsError(f"there is no policy {name!r}", right=right)
        if value not in ("true", "false"):
            raise MangaobsError(f"--policy {one!r} is neither true nor false", right=f"{name}=true")
        chosen[name] = value == "true"
    return chosen
