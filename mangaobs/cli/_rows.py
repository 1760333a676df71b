"""Rows of a query as a table, JSON, CSV, or bars in the terminal."""

from __future__ import annotations

import re
import shutil
import sys
from typing import TYPE_CHECKING, Final

import click

from mangaobs.errors import MangaobsError

if TYPE_CHECKING:
    from mangaobs.insights import Result
    from mangaobs.languages.logs_insights.tree import Query

_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_BAR: Final = "█"
_PARTS: Final = " ▏▎▍▌▋▊▉"


def _plain(text: str) -> str:
    """Without what a terminal would obey rather than show."""
    return "".join(one if one.isprintable() or one == "\n" else "␉" if one == "\t" else "?" for one in text)


def table(result: Result) -> None:
    """A table: numbers to the right, wide values folded on a terminal and whole in a pipe."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = sys.stdout.isatty()
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in result.columns:
        cells = [row[name] for row in result.rows if name in row]
        numbers = bool(cells) and all(map(_NUMBER.fullmatch, cells))
        made.add_column(
            Text(_plain(name)), justify="right" if numbers else "left", overflow="fold", no_wrap=not terminal or numbers
        )
    for row in result.rows:
        cells = [_plain(row.get(name, "")) for name in result.columns]
        made.add_row(*[Text(cell if terminal else cell.replace("\n", "␤")) for cell in cells])
    width = None if terminal else max(sum(map(len, row.values())) for row in [*result.rows, {}]) + 10_000
    Console(file=sys.stdout, width=width, highlight=False, soft_wrap=not terminal).print(made)
    click.echo(f"{len(result.rows):,} rows", err=True)


def as_json(result: Result, *, typed: bool) -> None:
    """A list of objects in the order of the columns."""
    import orjson

    from mangaobs.insights import typed as with_numbers

    before = "["
    for row in with_numbers(result.rows) if typed else result.rows:
        click.echo(f"{before}\n  {orjson.dumps(row).decode()}", nl=False)
        before = ","
    click.echo("[]" if before == "[" else "\n]")


def as_csv(result: Result) -> None:
    """Comma-separated values with a header; what is missing is empty."""
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(result.columns)
    writer.writerows([row.get(name, "") for name in result.columns] for row in result.rows)


def chart(result: Result, query: Query) -> None:
    """A bar for each bin, or for each bin and group, of the first number of the rows."""
    from mangaobs.languages.logs_insights.tree import Call, Stats

    stats = next((one for one in reversed(query.commands) if isinstance(one, Stats)), None)
    bins = [
        item.name
        for item in (stats.by if stats else ())
        if isinstance(item.expression, Call) and item.expression.function in ("bin", "datefloor", "dateceil")
    ]
    if stats is None or not bins:
        raise MangaobsError("--chart draws stats … by bin(…)", right="for example stats count(*) by bin(5m)")
    keys = [*bins, *[item.name for item in stats.by if item.name not in bins]]
    values = [name for name in result.columns if name not in keys]
    drawn = next((name for name in values if any(_number(row.get(name)) is not None for row in result.rows)), None)
    if drawn is None:
        raise MangaobsError("there is no number to draw", right="an aggregate, for example count(*)")
    rows = sorted(result.rows, key=lambda row: [row.get(key, "") for key in keys])
    labels = ["  ".join(_plain(row.get(key, "—")) for key in keys) for row in rows]
    numbers = [_number(row.get(drawn)) or 0.0 for row in rows]
    texts = [row.get(drawn, "") for row in rows]
    most = max((abs(one) for one in numbers), default=0.0)
    edge = max(map(len, labels), default=0)
    digits = max(map(len, [drawn, *texts]))
    width = max(shutil.get_terminal_size((100, 24)).columns - edge - digits - 5, 10)
    click.echo(f"{'  '.join(keys):{edge}}  {drawn:>{digits}}")
    for label, number, text in zip(labels, numbers, texts, strict=True):
        click.echo(f"{label:{edge}}  {text:>{digits}} {_bar(abs(number) / most if most else 0.0, width)}".rstrip())


def _bar(share: float, width: int) -> str:
    eighths = round(share * width * 8)
    return _BAR * (eighths // 8) + (_PARTS[eighths % 8] if eighths % 8 else "")


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and _NUMBER.fullmatch(text) else None
