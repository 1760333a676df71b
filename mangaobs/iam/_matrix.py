"""The matrix: every action of DynamoDB for every role in every situation, each with its proof; what was expected."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from mangaobs.errors import ConfigurationError, MangaobsError, Place
from mangaobs.iam._actions import Action, actions, known
from mangaobs.iam._decide import Answer, Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from mangaobs.iam._account import Account, Role

_SERVICE: Final = "dynamodb"
# What stands in an ARN where the action takes something of the table, and no name is given.
_OF_TABLE: Final = {
    "stream": "/stream/2026-01-01T00:00:00.000",
    "backup": "/backup/01234567890123-0a1b2c3d",
    "export": "/export/01234567890123-0a1b2c3d",
    "import": "/import/01234567890123-0a1b2c3d",
}
_OTHER_ACCOUNT: Final = "210987654321"
_ANY_TABLE: Final = "arn:aws:dynamodb:us-east-1:123456789012:table/any"


class Situation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A situation; `on` is the resource, `needs` a condition key without which it makes no difference."""

    says: str
    on: str
    needs: str = ""
    context: dict[str, list[str]] = {}
    absent: list[str] = []
    tls: bool = True
    endpoint: bool = True


class Cell(NamedTuple):
    """What was proved of one action of one role in one situation."""

    role: str
    action: str
    situation: str
    resource: str
    decision: Decision


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Roles that may do these actions in these situations; `depends`: on something that no template says."""

    roles: list[str]
    actions: list[str]
    when: list[str]
    why: str = ""
    depends: bool = False


class Expectations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is expected: whatever is not allowed here is denied."""

    allow: list[Expectation]


class Difference(NamedTuple):
    """A cell that is not as expected."""

    cell: Cell
    expected: Answer


@cache
def situations() -> Mapping[str, Situation]:
    """The situations by name."""
    text = files("mangaobs.iam").joinpath("data/situations.toml").read_text(encoding="utf-8")
    return {name: msgspec.convert(one, Situation) for name, one in tomllib.loads(text).items()}


def matrix(account: Account, table: str, *, index: str = "*", roles: Iterable[Role] | None = None) -> Iterator[Cell]:
    """Every action of DynamoDB for every role (or these), in every situation. `table` is its ARN, `index` a name."""
    endpoint = account.endpoint_of(_SERVICE)
    chosen = list(account.roles.values()) if roles is None else list(roles)
    for name, situation in situations().items():
        values = {
            **situation.context,
            "aws:SecureTransport": ["true" if situation.tls else "false"],
            "aws:ViaAWSService": ["false"],
        }
        absent = list(situation.absent)
        if situation.endpoint and endpoint is not None:
            values["aws:SourceVpce"] = [endpoint]
        else:
            absent += ["aws:SourceVpce", "aws:SourceVpc"]
        for action in actions(_SERVICE):
            if situation.needs and situation.needs not in action.keys:
                continue
            written = _resource(action, situation.on, table, index)
            if written is None:
                continue
            never = {key.lower() for key in situation.context if key.startswith("dynamodb:") and key not in action.keys}
            context = account.context(
                {key: value for key, value in values.items() if key.lower() not in never}, absent=absent
            )
            resource = account.resource(written)
            for role in chosen:
                yield Cell(
                    role.id, action.name, name, str(resource), account.decide(role, action.name, resource, context)
                )


def _resource(action: Action, on: str, table: str, index: str) -> str | None:
    """The ARN that an action is asked for; None where the situation is none of its."""
    if on == "index":
        return f"{table}/index/{index}" if "index" in action.resources else None
    if not action.resources:
        return "*" if on == "table" else None
    parts = table.split(":", 5)
    if on == "other-table":
        parts[5] += "-2"
    elif on == "other-account":
        parts[4] = _OTHER_ACCOUNT
    elif on == "other-region":
        parts[3] = "eu-west-1" if parts[3] != "eu-west-1" else "us-east-1"
    arn = ":".join(parts)
    if "table" in action.resources:
        return arn
    for kind in action.resources:
        if kind in _OF_TABLE:
            return arn + _OF_TABLE[kind]
    if "global-table" in action.resources:
        return ":".join([*parts[:3], "", parts[4], parts[5].replace("table/", "global-table/", 1)])
    return f"{arn}/index/{index}"


def read_expectations(path: Path, account: Account) -> Expectations:
    """What a file expects. Raises `ConfigurationError` that names what is wrong in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MangaobsError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MangaobsError(f"{path} is not text in UTF-8", right="save it as UTF-8") from None
    try:
        found = msgspec.convert(tomllib.loads(text), Expectations)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{error}", right="TOML", place=Place(str(path))) from None
    except msgspec.ValidationError as error:
        raise ConfigurationError(
            f"{error}", right="[[allow]] with roles, actions, when", place=Place(str(path))
        ) from None
    for number, one in enumerate(found.allow):
        _check(one, account, Place(str(path), _line(text, number)))
    return found


def _check(one: Expectation, account: Account, place: Place) -> None:
    """Raise `ConfigurationError` for what is no role, no action or no situation, or could never be met."""
    for given, all_, what in (
        (one.roles, list(account.roles), "role of the template"),
        ([f"{_SERVICE}:{name}" for name in one.actions], [a.name for a in actions(_SERVICE)], "action of DynamoDB"),
        (one.when, list(situations()), "situation"),
    ):
        for name in given:
            if name not in all_:
                from mangaobs.catalog import did_you_mean

                short = [each.removeprefix(f"{_SERVICE}:") for each in all_]
                bare = name.removeprefix(f"{_SERVICE}:")
                raise ConfigurationError(
                    f"{bare!r} is no {what}", right=did_you_mean(bare, short, ", ".join(short)), place=place
                )
    for action, situation in product(one.actions, one.when):
        if not _is_asked(f"{_SERVICE}:{action}", situation):
            raise ConfigurationError(
                f"{action} is never asked in situation {situation}, which makes no difference to it",
                right="a situation of the action's: mangaobs iam prove --format json lists them",
                place=place,
            )


def _line(text: str, number: int) -> int:
    heads = [line for line, written in enumerate(text.splitlines(), 1) if written.strip() == "[[allow]]"]
    return heads[number] if number < len(heads) else 0


def differences(cells: Iterable[Cell], expected: Expectations) -> Iterator[Difference]:
    """The cells that are not as expected; what is not allowed is to be denied."""
    wanted: dict[tuple[str, str, str], Answer] = {}
    for one in expected.allow:
        for role in one.roles:
            for action in one.actions:
                for situation in one.when:
                    answer = Answer.DEPENDS if one.depends else Answer.ALLOW
                    wanted[role, f"{_SERVICE}:{action}", situation] = answer
    for cell in cells:
        answer = wanted.get((cell.role, cell.action, cell.situation), Answer.DENY)
        if cell.decision.decision is not answer:
            yield Difference(cell, answer)


def _is_asked(name: str, situation: str) -> bool:
    """Whether an action is asked for in a situation."""
    action, where = known(name), situations()[situation]
    if action is None or (where.needs and where.needs not in action.keys):
        return False
    return _resource(action, where.on, _ANY_TABLE, "*") is not None
