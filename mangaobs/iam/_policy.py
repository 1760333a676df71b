"""Policies as documents: statements with their patterns made ready.

Source: IAM User Guide, "IAM JSON policy element reference".
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from mangaobs.errors import Place
from mangaobs.iam._condition import Operator, Test, operator
from mangaobs.iam._text import MANY, Text, filled, matches, text
from mangaobs.iam._verdict import Verdict, both, depends, every, opposite, some
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mangaobs.iam._context import Context
    from mangaobs.iam._names import Names
    from mangaobs.template import Resource

_LATEST: Final = "2012-10-17"


class Where(NamedTuple):
    """Where a policy stands: the resource's logical id, the path in its properties, the resource if there is one."""

    resource: str
    path: tuple[str | int, ...] = ()
    of: Resource | None = None

    @property
    def place(self) -> Place | None:
        """The place in the file."""
        return self.of.where(*self.path) if self.of is not None else None

    @property
    def pointer(self) -> str:
        """The path as a JSON pointer."""
        return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in self.path)


class Principal(NamedTuple):
    """Who asks: the role's ARN (and that of its sessions, which is not known), its account."""

    arn: Text
    account: str


class Statement:
    """One statement. `certain` says whether its resource is made at all."""

    def __init__(
        self, document: Mapping[str, object], where: Where, names: Names, *, version: object, certain: Verdict
    ) -> None:
        self.where = where
        self.certain = certain
        self._names = names
        self._variables = version == _LATEST
        self._document = document
        sid = document.get("Sid")
        self.sid = str(sid) if sid is not None else ""
        effect = document.get("Effect")
        self.denies: Verdict = (
            effect == "Deny" if effect in ("Allow", "Deny") else depends("an Effect that is not known")
        )
        self._actions: dict[str, Verdict] = {}

    @property
    def allows(self) -> Verdict:
        """Whether its effect is Allow."""
        return opposite(self.denies)

    def covers(self, action: str) -> Verdict:
        """Whether it is about an action, `service:Name` in any case."""
        key = action.lower()
        if key not in self._actions:
            self._actions[key] = self._covers(key)
        return self._actions[key]

    def _covers(self, action: str) -> Verdict:
        subject = text(action, wild=False, variables=False)
        held = some(matches(one.lowered, subject) for one in self._named_actions)
        return opposite(held) if "NotAction" in self._document else held

    def about(self, resource: Text, context: Context) -> Verdict:
        """Whether it is about a resource; a resource's own policy may leave that out."""
        if "NotResource" in self._document:
            return opposite(some(self._matched(one, resource, context) for one in self._not_resources))
        if "Resource" not in self._document:
            return True
        return some(self._matched(one, resource, context) for one in self._resources)

    @staticmethod
    def _matched(pattern: Text, resource: Text, context: Context) -> Verdict:
        ready = filled(pattern, context)
        return False if ready is None else matches(ready, resource, arn=True)

    def holds(self, context: Context) -> Verdict:
        """Whether its conditions hold."""
        return every(test.holds(context) for test in self._tests)

    def speaks_of(self, principal: Principal) -> Verdict:
        """Whether it is about a principal; a policy of a principal's own is."""
        if "NotPrincipal" in self._document:
            return opposite(self._principals("NotPrincipal", principal))
        if "Principal" not in self._document:
            return True
        return self._principals("Principal", principal)

    @property
    def delegates(self) -> Callable[[str], Verdict]:
        """Whether it names an account as a whole, whose own policies then decide."""

        def delegated(account: str) -> Verdict:
            given = self._document.get("Principal")
            named = given.get("AWS") if isinstance(given, dict) else None
            texts = [self._names.text(one, wild=False, variables=False) for one in _listed(named)]
            return some(_is_account(one, account) for one in texts)

        return delegated

    def _principals(self, element: str, principal: Principal) -> Verdict:
        given = self._document[element]
        if given == "*":
            return True
        if not isinstance(given, dict):
            return depends(f"{element} of {self.label}")
        found: list[Verdict] = []
        for one in _listed(given.get("AWS")):
            named = self._names.text(one, wild=False, variables=False)
            if named.plain == "*":
                return True
            found.append(matches(named, principal.arn))
        return some(found)

    @property
    def label(self) -> str:
        """What a person knows it by."""
        return f"{self.where.resource}{self.where.pointer}" + (f" ({self.sid})" if self.sid else "")

    @cached_property
    def _named_actions(self) -> tuple[Text, ...]:
        return self._texts("NotAction" if "NotAction" in self._document else "Action", wild=True)

    @cached_property
    def _resources(self) -> tuple[Text, ...]:
        return self._texts("Resource", wild=True, variables=self._variables)

    @cached_property
    def _not_resources(self) -> tuple[Text, ...]:
        return self._texts("NotResource", wild=True, variables=self._variables)

    @cached_property
    def _tests(self) -> tuple[Test, ...]:
        return tuple(_tests(self._document.get("Condition"), self._names, self._variables, self.label))

    def _texts(self, element: str, *, wild: bool, variables: bool = False) -> tuple[Text, ...]:
        return tuple(
            self._names.text(one, wild=wild, variables=variables) for one in _listed(self._document.get(element))
        )

    def applies(self, action: str, resource: Text, context: Context, principal: Principal | None) -> Verdict:
        """Whether it applies to a request, whatever its effect."""
        verdict = self.covers(action)
        if verdict is False:
            return False
        verdict = both(verdict, self.about(resource, context))
        if verdict is False:
            return False
        if principal is not None:
            verdict = both(verdict, self.speaks_of(principal))
        return False if verdict is False else both(both(verdict, self.holds(context)), self.certain)


def statements(document: object, where: Where, names: Names, *, certain: Verdict = True) -> Iterator[Statement]:
    """The statements of a policy's document; one that is not known at all gives one that may be anything."""
    if not isinstance(document, dict):
        yield Statement(
            {"Effect": Unknown("?", Place("")), "Action": "*"},
            where,
            names,
            version=None,
            certain=depends(f"the policy at {where.resource}{where.pointer}"),
        )
        return
    given = document.get("Statement")
    several = isinstance(given, list)
    for number, one in enumerate(_listed(given)):
        path = (*where.path, "Statement", *((number,) if several else ()))
        inner = Where(where.resource, path, where.of)
        if isinstance(one, dict):
            yield Statement(one, inner, names, version=document.get("Version"), certain=certain)
        else:
            yield Statement(
                {"Action": "*"},
                inner,
                names,
                version=None,
                certain=depends(f"the statement at {inner.resource}{inner.pointer}"),
            )


def _tests(block: object, names: Names, variables: bool, label: str) -> Iterator[Test]:  # noqa: FBT001
    if block is None:
        return
    if not isinstance(block, dict):
        yield Test(Operator(f"the condition of {label}", "", "", if_exists=False), "", ())
        return
    for written, keys in block.items():
        found = operator(str(written))
        if not isinstance(keys, dict):
            yield Test(Operator(f"{written} of {label}", "", "", if_exists=False), "", ())
            continue
        for key, values in keys.items():
            ready = tuple(
                names.text(one, wild=found.wild, variables=variables and found.variables) for one in _listed(values)
            )
            yield Test(found, str(key), ready)


def _is_account(named: Text, account: str) -> Verdict:
    written = named.plain
    if written is not None:
        return written == account or (written.endswith(":root") and written.split(":")[4:5] == [account])
    return matches(Text(("a", "r", "n", ":", MANY, *f":iam::{account}:root")), named)


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
