"""Which names mean something at a place of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.languages.logs_insights.tree import (
    Call,
    Command,
    Field,
    Fields,
    Join,
    Lookup,
    ParseCsv,
    ParseGlob,
    ParseLogfmt,
    ParseRegex,
    ReadJson,
    Stats,
    Unnest,
)

if TYPE_CHECKING:
    from mangaobs.languages.logs_insights.tree import Item
    from mangaobs.languages.parsing import Span


def label_key(text: str) -> str:
    """What two spellings of an expression without alias share: `SUM( x )` and `sum(x)`."""
    return "".join(text.split()).lower()


class Scope:
    """The names that commands up to here made. After `stats` there are no others: the scope is `closed`."""

    def __init__(self) -> None:
        self.closed = False
        self.structures: set[str] = set()
        self.redefined: dict[str, Span] = {}
        self.doubtful: dict[str, Span] = {}
        self._made: dict[str, None] = {}
        self._listed: set[str] = set()
        self._aliases: set[str] = set()

    def has(self, field: Field) -> bool:
        """Whether a command made this name, or the map or list that it starts with."""
        if field.name in self._made or self.has_label(field.name):
            return True
        name = ""
        for part in field.path[:-1]:
            name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
            if name in self._made or name in self._aliases:
                return True
        return False

    def has_name(self, name: str) -> bool:
        """Whether a command made this name."""
        return name in self._made

    def has_label(self, text: str) -> bool:
        """Whether a column is named by this text of an expression."""
        wanted = label_key(text)
        return any(label_key(name) == wanted for name in self._made) if self.closed else False

    def names(self) -> list[str]:
        """The names, in the order in which they were made."""
        return list(self._made)

    def projected(self, name: str) -> bool:
        """Whether `fields` listed this name or made it."""
        return name in self._listed or (not self.closed and name in self._made)

    def enter(self, command: Command) -> None:
        """Go past a command."""
        match command:
            case Fields():
                self._fields(command.items)
            case Stats():
                self.closed = True
                self._made = {item.name: None for item in (*command.by, *command.items)}
                self._aliases = set()
                self.structures = set()
                self.redefined = {}
            case ParseGlob() | ParseCsv():
                self._made |= {one.text: None for one in command.names}
            case ParseRegex():
                from mangaobs.languages.logs_insights.regex import capturing

                names = [one.text for one in command.names] or capturing(command.regex.pattern).groups
                self._made |= {one: None for one in names if one}
            case ParseLogfmt():
                self._made[command.name.text] = None
                self.structures.add(command.name.text)
            case ReadJson() | Unnest():
                self._made[command.name.text] = None
            case Lookup():
                self._made |= {one.name.text: None for one in command.outputs}
            case Join():
                self._aliases |= {command.left, command.right}
            case _:
                pass

    def _fields(self, items: tuple[Item, ...]) -> None:
        for item in items:
            if isinstance(item.expression, Field) and not item.aliased:
                self._listed.add(item.name)
                continue
            if item.name in self._listed and not self.closed:
                self.redefined[item.name] = item.span
            self._made[item.name] = None
            if isinstance(item.expression, Call) and item.expression.function in ("jsonParse", "split"):
                self.structures.add(item.name)
            else:
                self.structures.discard(item.name)
