"""Fixes → new texts of files. Only the token changes; everything else of the file stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mangaobs.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mangaobs.lint._found import Finding, Fix


@dataclass(frozen=True, slots=True)
class Edit:
    """What a file is, and what it becomes."""

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The difference, as `diff -u` shows it."""
        from difflib import unified_diff

        name = str(self.path)
        lines = unified_diff(self.before.splitlines(keepends=True), self.after.splitlines(keepends=True), name, name)
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def edits(findings: Iterable[Finding]) -> list[Edit]:
    """The files that the findings' fixes change. Raises `TemplateError` for a file that cannot be read."""
    by_file: dict[str, set[Fix]] = {}
    for one in findings:
        if one.fix is not None:
            by_file.setdefault(one.fix.place.file, set()).add(one.fix)
    return [_edit(Path(file), fixes) for file, fixes in by_file.items()]


def _edit(path: Path, fixes: set[Fix]) -> Edit:
    try:
        before = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path} cannot be read: {error}") from None
    lines = before.split("\n")
    # From the end, so that no place moves; of two that overlap the first is kept.
    end: tuple[int, int] | None = None
    for fix in sorted(fixes, key=lambda one: (one.place.line, one.place.column, one.new), reverse=True):
        number, start = fix.place.line - 1, fix.place.column - 1
        mark = "\ufeff" if number == 0 and before.startswith("\ufeff") else ""
        start += len(mark)
        line = lines[number] if number < len(lines) else ""
        stop = start + len(fix.old)
        if line[start:stop] != fix.old or (end is not None and (number, stop) > end):
            continue
        lines[number] = line[:start] + fix.new + line[stop:]
        end = (number, start)
    return Edit(path, before, "\n".join(lines))
