"""Findings that were there when an old template took up the linter: only new ones count."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from mangaobs.errors import MangaobsError, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mangaobs.lint._found import Finding

_VERSION: Final = 1
_Key = tuple[str, str, str, str]


class Baseline:
    """Known findings, by file name, rule, resource and path: lines may move."""

    def __init__(self, known: Iterable[_Key]) -> None:
        self._known = Counter(known)

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Baseline:
        """A baseline of what was found."""
        return cls(map(_key, findings))

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Read what `to_json` wrote. Raises `MangaobsError`."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            if raw["version"] != _VERSION:
                raise MangaobsError(
                    f"a baseline of version {raw['version']}", right=str(_VERSION), place=Place(str(path))
                )
            return cls((str(a), str(b), str(c), str(d)) for a, b, c, d in raw["findings"])
        except OSError as error:
            raise MangaobsError(f"cannot be read: {error.strerror}", place=Place(str(path))) from None
        except (ValueError, KeyError, TypeError):
            right = "a file that `mangaobs lint --write-baseline` wrote"
            raise MangaobsError("no baseline", right=right, place=Place(str(path))) from None

    def to_json(self) -> str:
        """The file's text."""
        return json.dumps({"version": _VERSION, "findings": sorted(map(list, self._known.elements()))}, indent=1) + "\n"

    def split(self, findings: Sequence[Finding]) -> tuple[list[Finding], int, int]:
        """The new findings, how many are known, and how many known ones are gone."""
        left = self._known.copy()
        new: list[Finding] = []
        for one in findings:
            key = _key(one)
            if left[key] > 0:
                left[key] -= 1
            else:
                new.append(one)
        return new, len(findings) - len(new), left.total()


def _key(finding: Finding) -> _Key:
    return (PurePath(finding.place.file).name, finding.rule, finding.resource, finding.path)
