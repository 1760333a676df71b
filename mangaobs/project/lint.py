"""`[lint]` of `mangaobs.toml`, which may be all that the file has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from mangaobs.errors import ConfigurationError, Place
from mangaobs.project._section import Section
from mangaobs.project._toml import parse, read_text


class Ignored(Section, frozen=True):
    """A finding of the linter that is known and stays.

    ```toml
    [[lint.ignored]]
    rule = "MO130"
    resource = "ArchiveQueue"
    reason = "its producer has an alarm of its own"
    ```
    """

    rule: Annotated[str, Meta(description="The rule's id", pattern=r"^MO\d{3}$", extra={"right": "for example MO130"})]
    reason: Annotated[str, Meta(description="Why it stays", min_length=1)]
    resource: Annotated[str, Meta(description="The logical id of the resource; without it, of all")] = ""


class Lint(Section, frozen=True):
    """What `mangaobs lint` looks for.

    ```toml
    [lint]
    ignore = ["MO707"]
    cis_verbatim = true
    ```
    """

    select: Annotated[
        tuple[str, ...], Meta(description="Only these rules; ids, or beginnings of ids such as `MO1`")
    ] = ()
    ignore: Annotated[tuple[str, ...], Meta(description="Not these rules; ids, or beginnings of ids")] = ()
    ignored: Annotated[tuple[Ignored, ...], Meta(description="Findings that are known and stay")] = ()
    cis_verbatim: Annotated[
        bool, Meta(description="Filters are to have the very text of CIS's controls, which Security Hub compares")
    ] = False
    mixed_units: Annotated[bool, Meta(description="Two units may share an axis")] = False


def read_lint(file: Path) -> Lint:
    """`[lint]` of a file that need not have anything else. Raises `ConfigurationError`."""
    section = parse(read_text(file), file).get("lint", {})
    try:
        return msgspec.convert(section, Lint)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"[lint]: {error}", right="docs/configuration.md", place=Place(str(file))) from None
