"""Which queries a command is about: text, a file, a saved query of the project, or the definitions of a template."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from mangaobs.cli._findings import Named, is_name
from mangaobs.cli._options import pairs
from mangaobs.errors import MangaobsError, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mangaobs.model.query import SavedQuery

F = TypeVar("F", bound="Callable[..., Any]")

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_LITERAL: Final = re.compile(r"-?\d+(?:\.\d+)?|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")


def source_options(function: F) -> F:
    """Add the argument and the options that say which query."""
    for option in (
        click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help="Fill in a parameter."),
        click.option(
            "--template",
            "templates",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="QUERY is a query definition of this template; without QUERY all of them.",
        ),
        click.argument("query", required=False, metavar="QUERY"),
    ):
        function = option(function)
    return function


def queries(
    query: str | None,
    templates: tuple[Path, ...],
    parameters: tuple[str, ...],
    project: tuple[Path | None, str | None, tuple[str, ...]],
) -> list[Named]:
    """The queries that the options name, their parameters filled in."""
    given = pairs("--param", parameters, "percent=90")
    if templates:
        return _of_template(query, templates, given)
    if query is None:
        return _saved(None, given, project)
    if query == "-":
        return [_filled(Named("standard input", sys.stdin.read()), given)]
    path = Path(query)
    if "\n" not in query and len(query) < 1000 and path.is_file():
        try:
            return [_filled(Named(path.name, path.read_text(encoding="utf-8"), str(path)), given)]
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise MangaobsError(f"cannot be read: {reason}", place=Place(str(path))) from None
    if is_name(query):
        return _saved(query, given, project)
    return [_filled(Named("query", query), given)]


def one_query(
    query: str | None,
    templates: tuple[Path, ...],
    parameters: tuple[str, ...],
    project: tuple[Path | None, str | None, tuple[str, ...]],
) -> Named:
    """The one query that the options name."""
    if query is None:
        raise MangaobsError(
            "a query is needed", right="its text, a file, a saved query's name, or - for standard input"
        )
    found = queries(query, templates, parameters, project)
    if len(found) > 1:
        raise MangaobsError(f"{len(found)} queries are called {query!r}", right=", ".join(one.name for one in found))
    return found[0]


def _filled(one: Named, given: dict[str, str], defaults: dict[str, str] | None = None) -> Named:
    """With values in place of `{{name}}`: numbers as they are, everything else as a string."""
    values = (defaults or {}) | given
    names = set(_PLACEHOLDER.findall(one.text))
    for name in given:
        if name not in names:
            known = ", ".join(sorted(names)) or "it has none"
            raise MangaobsError(f"{one.name} has no parameter {name!r}", right=known)

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            return found[0]
        text = values[found[1]]
        return text if _LITERAL.fullmatch(text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    return one._replace(text=_PLACEHOLDER.sub(value, one.text))


def _saved(
    name: str | None, given: dict[str, str], project: tuple[Path | None, str | None, tuple[str, ...]]
) -> list[Named]:
    from mangaobs.cli._project import load

    saved = {query.name: query for query in load(*project).queries}
    if name is None:
        return [Named(query.name, query.filled()) for query in saved.values()]
    return [Named(name, saved_query(name, saved).filled(dict(given)))]


def saved_query(name: str, saved: Mapping[str, SavedQuery]) -> SavedQuery:
    """One of the saved queries. Raises `MangaobsError` with the nearest name."""
    if name not in saved:
        from mangaobs.catalog import did_you_mean

        right = did_you_mean(name, saved, "mangaobs query list names them")
        raise MangaobsError(f"there is no query {name!r}, and no such file", right=right)
    return saved[name]


def _of_template(name: str | None, paths: tuple[Path, ...], given: dict[str, str]) -> list[Named]:
    from mangaobs.template import Unknown, read

    found: list[Named] = []
    for resource in read(list(paths)).of("AWS::Logs::QueryDefinition"):
        properties = resource.properties if isinstance(resource.properties, dict) else {}
        called, text = properties.get("Name"), properties.get("QueryString")
        label = called if isinstance(called, str) else resource.id
        if name is not None and name not in (resource.id, label, label.rpartition("/")[2]):
            continue
        place = resource.where("QueryString")
        if not isinstance(text, str):
            why = f"is {text.expression}" if isinstance(text, Unknown) else "is no text"
            raise MangaobsError(
                f"{resource.id}: QueryString {why}", right="a text known before deployment", place=place
            )
        defaults = {}
        entries = properties.get("Parameters")
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and isinstance(entry.get("Name"), str) and "DefaultValue" in entry:
                defaults[entry["Name"]] = str(entry["DefaultValue"])
        found.append(_filled(Named(label, text), given, defaults))
    if not found:
        what = f"no query definition {name!r}" if name else "no query definition"
        raise MangaobsError(f"there is {what} in {', '.join(map(str, paths))}", right="AWS::Logs::QueryDefinition")
    return found
