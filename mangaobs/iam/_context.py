"""The context of a request: what is known of its keys, what is known not to be there, and what is not known.

Source: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference for each service's keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.iam._text import Text, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Context:
    """Values by key, keys in any case. Of a key that is neither given nor `absent` nothing is known.

    `complete`: whatever is not given is absent, as a simulator has it. `resources`: the names in `${…}` that are
    resources' of the template.
    """

    __slots__ = ("_absent", "_values", "complete")

    def __init__(
        self,
        values: Mapping[str, Iterable[str]] | None = None,
        *,
        absent: Iterable[str] = (),
        complete: bool = False,
        resources: frozenset[str] = frozenset(),
    ) -> None:
        self._values: dict[str, tuple[Text, ...]] = {
            key.lower(): tuple(text(one, wild=False, variables=False, symbols=resources) for one in several)
            for key, several in (values or {}).items()
        }
        self._absent = frozenset(key.lower() for key in absent)
        self.complete = complete

    def values(self, key: str) -> tuple[Text, ...] | None:
        """The values of a key; empty if it is absent, None if nothing is known of it."""
        key = key.lower()
        found = self._values.get(key)
        if found is not None:
            return found
        return () if self.complete or key in self._absent else None

    def over(self, below: Context) -> Context:
        """The context, and `below` where it says nothing itself."""
        merged = Context(complete=self.complete)
        silent = {key for key in below._absent if key not in self._values}
        merged._values = {**{k: v for k, v in below._values.items() if k not in self._absent}, **self._values}
        merged._absent = self._absent | silent
        return merged
