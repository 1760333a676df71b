"""Values that are known only when the stack is deployed.

A name in a definition is either text or one of these; the renderer turns them into `Ref`, `Fn::ImportValue`,
`Fn::GetAtt` and `Fn::Sub`.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from mangaobs.model._check import fail

RESERVED = "Mangaobs"  # how the names begin that the renderer makes


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of the stack. `ssm` makes its value the name of a Systems Manager parameter that holds it."""

    name: str
    default: str | None = None
    description: str = ""
    secret: bool = False
    ssm: bool = False

    def __post_init__(self) -> None:
        if not (self.name.isalnum() and self.name.isascii() and len(self.name) <= 255):
            fail(f"Parameter {self.name!r}", "name", "must be 1 to 255 letters and digits", "for example SessionsTable")
        if self.name.startswith(RESERVED):
            fail(f"Parameter {self.name!r}", "name", f"begins with {RESERVED}, as the renderer's own do", "another one")


class Import(msgspec.Struct, frozen=True):
    """A value that another stack of the same account and region exports."""

    export: str


class Pseudo(msgspec.Struct, frozen=True):
    """A pseudo parameter that CloudFormation itself provides, such as `AWS::Region`."""

    name: str


class Attribute(msgspec.Struct, frozen=True):
    """An attribute of a resource that the same template creates; without `attribute` what `Ref` gives."""

    logical_id: str
    attribute: str = ""


Token: TypeAlias = Parameter | Import | Pseudo | Attribute


class Text(msgspec.Struct, frozen=True):
    """Text with tokens in it, such as an ARN."""

    parts: tuple[str | Token, ...]


Value: TypeAlias = str | Token | Text

REGION = Pseudo("AWS::Region")
ACCOUNT_ID = Pseudo("AWS::AccountId")
PARTITION = Pseudo("AWS::Partition")


def text(*parts: Value) -> Value:
    """Join `parts`; plain text stays a `str`."""
    flat: list[str | Token] = []
    written = ""
    for part in parts:
        for piece in part.parts if isinstance(part, Text) else (part,):
            if isinstance(piece, str):
                written += piece
            else:
                if written:
                    flat.append(written)
                    written = ""
                flat.append(piece)
    if not flat:
        return written
    if written:
        flat.append(written)
    return flat[0] if len(flat) == 1 else Text(tuple(flat))


def arn(service: str, resource: Value, *, region: Value = REGION, account: Value = ACCOUNT_ID) -> Value:
    """The ARN of `resource` in the stack's own partition."""
    return text("arn:", PARTITION, f":{service}:", region, ":", account, ":", resource)


def shown(value: Value) -> str:
    """`value` as a person reads it in a message or a document: a parameter as its default or its name."""
    if isinstance(value, str):
        return value
    if isinstance(value, Text):
        return "".join(shown(part) for part in value.parts)
    if isinstance(value, Parameter):
        return value.default if value.default is not None else f"${{{value.name}}}"
    if isinstance(value, Import):
        return f"${{import {value.export}}}"
    if isinstance(value, Pseudo):
        return f"${{{value.name}}}"
    return f"${{{value.logical_id}.{value.attribute}}}" if value.attribute else f"${{{value.logical_id}}}"
