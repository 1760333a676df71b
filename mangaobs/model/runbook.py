"""Runbooks: what on-call reads when an alarm fires."""

from __future__ import annotations

import msgspec

from mangaobs.errors import DefinitionError, Place


class Runbook(msgspec.Struct, frozen=True):
    """A Markdown page with a head of `key: value` lines between two `---` lines.

    `summary` goes into the description of the alarms that link to it, `body` is a Jinja2 template.
    """

    name: str
    title: str
    summary: str
    body: str
    place: Place
    body_line: int = 1  # the line of the file at which the body begins

    @classmethod
    def parse(cls, name: str, source: str, file: str) -> Runbook:
        """Read a runbook's source; raises `DefinitionError` at the line that is wrong."""
        lines = source.split("\n")
        if lines[0].strip() != "---" or "---" not in (line.strip() for line in lines[1:]):
            raise DefinitionError(
                f"runbook {name!r} has no head", right="--- / title: … / summary: … / ---", place=Place(file, 1)
            )
        end = next(number for number, line in enumerate(lines[1:], 1) if line.strip() == "---")
        head: dict[str, str] = {}
        for number, line in enumerate(lines[1:end], 2):
            key, colon, value = line.partition(":")
            if not colon or key not in ("title", "summary") or not value.strip():
                raise DefinitionError(
                    f"runbook {name!r}: {line!r} is not part of a head",
                    right="title: … or summary: …",
                    place=Place(file, number),
                )
            head[key] = value.strip()
        for key in ("title", "summary"):
            if key not in head:
                raise DefinitionError(
                    f"runbook {name!r} has no {key}", right=f"{key}: … in its head", place=Place(file, 1)
                )
        first = next((number for number in range(end + 1, len(lines)) if lines[number].strip()), end + 1)
        body = "\n".join(lines[first:]).rstrip() + "\n"
        return cls(name, head["title"], head["summary"], body, Place(file, 1), first + 1)
