"""Three answers: yes, no, and that it depends on something; and how they are put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True)
class Depends:
    """It depends: `on` says on what, each a sentence's subject (`dynamodb:LeadingKeys`, `the value of ${Bucket}`)."""

    on: frozenset[str]

    def __bool__(self) -> bool:
        raise TypeError("neither true nor false: compare with `is True` or `is False`")


Verdict: TypeAlias = bool | Depends


def depends(*on: str) -> Depends:
    """That it depends on these."""
    return Depends(frozenset(on))


def both(first: Verdict, second: Verdict) -> Verdict:
    """Logical and."""
    if first is False or second is False:
        return False
    if first is True:
        return second
    return first if second is True else Depends(first.on | second.on)


def either(first: Verdict, second: Verdict) -> Verdict:
    """Logical or."""
    if first is True or second is True:
        return True
    if first is False:
        return second
    return first if second is False else Depends(first.on | second.on)


def opposite(verdict: Verdict) -> Verdict:
    """Logical not."""
    return verdict if isinstance(verdict, Depends) else not verdict


def every(verdicts: Iterable[Verdict]) -> Verdict:
    """Whether all hold; ends with the first that does not."""
    return _folded(verdicts, both, start=True)


def some(verdicts: Iterable[Verdict]) -> Verdict:
    """Whether any holds; ends with the first that does."""
    return _folded(verdicts, either, start=False)


def _folded(verdicts: Iterable[Verdict], join: Callable[[Verdict, Verdict], Verdict], *, start: bool) -> Verdict:
    result: Verdict = start
    for verdict in verdicts:
        result = join(result, verdict)
        if result is (not start):
            break
    return result
