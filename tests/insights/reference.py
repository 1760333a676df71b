"""A second engine, for tests: one row at a time, in plain Python, slow and written straight from the reference.

It shares the parser with the first engine and nothing else.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import ipaddress
import json
import math
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote_plus
from zoneinfo import ZoneInfo

import re2

from mangaobs.languages.logs_insights import format_expression
from mangaobs.languages.logs_insights import tree as t

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
LAMBDA = re.compile(r"(START|END|REPORT|INIT_START|XRAY)\b")
AGGREGATES = {
    "avg", "count", "countDistinct", "max", "min", "pct", "median", "stddev", "sum", "values", "variance", "topk",
    "earliest", "latest", "sortsFirst", "sortsLast", "countOverTime", "sumOverTime",
}  # fmt: skip


class Time(int):
    """Milliseconds since the epoch, shown as a timestamp."""


DEFAULTS = {
    "missing_ne": False,
    "missing_not_like": False,
    "missing_not_in": False,
    "missing_sorts_first": True,
    "text_is_true": False,
    "boolean_equals_text": True,
    "limit_in_place": False,
    "stats_of_nothing": False,
    "stddev_of_sample": False,
    "pct_interpolated": False,
    "unnest_keeps_empty": False,
    "glob_without_star_gives_text": True,
}


# Values


def finite(value):
    return value if value is not None and math.isfinite(value) else None


def number(value):
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        return finite(float(value))
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return finite(float(value))
    return None


def number_text(value):
    if value == int(value) and abs(value) < 1e18:
        return str(int(value))
    return repr(value)


def text(value):
    """As functions of strings see a value."""
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Time):
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(value))
        return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{int(value) % 1000:03d}"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else number_text(float(value))
    return number_text(value)


def shown(value):
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text(value)


def natural(value):
    key = []
    for run in re.findall(r"[0-9]+|[^0-9]+", value):
        if run[0].isdigit():
            key.extend([ord("0"), len(run), *map(ord, run)])
        else:
            key.extend(map(ord, run))
    return key


def sort_key(value):
    """A key of a value that is not missing, in ascending order."""
    if isinstance(value, Time):
        return (1, float(value), [], "")
    shown_text = text(value)
    if shown_text is None:
        return None
    as_number = number(shown_text)
    if as_number is not None:
        return (1, as_number, [], shown_text)
    return (0, 0.0, natural(shown_text), shown_text)


def of_json(value):
    """A value of JSON: null is missing."""
    return value


def first_wins(pairs):
    found = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def parse_json(line):
    try:
        return json.loads(
            line, object_pairs_hook=first_wins, parse_constant=lambda _: (_ for _ in ()).throw(ValueError)
        )
    except (ValueError, RecursionError):
        return None


def json_in(message):
    if message.startswith("{") and message.endswith("}"):
        return parse_json(message)
    start, end = message.find("{"), message.rfind("}")
    return parse_json(message[start : end + 1]) if 0 <= start < end else None


def at(value, path):
    for part in path:
        if isinstance(value, dict):
            value = value.get(str(part))
        elif isinstance(value, list) and str(part).isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def flat(document, name):
    """A field under any of the spellings of its name: nested, or keys with dots."""
    if name.startswith("@@"):
        name = name[1:]
    parts = name.split(".")

    def find(value, rest):
        if not rest:
            return value
        # The nested spelling comes first, as it does for each key.
        for length in range(1, len(rest) + 1):
            key = ".".join(rest[:length])
            inner = at(value, (key,))
            if inner is not None and (found := find(inner, rest[length:])) is not None:
                return found
        return None

    return find(document, parts) if isinstance(document, dict) else None


# Events


class Event:
    """A log event."""

    def __init__(self, message, timestamp=None, stream=None, ingestion=None, log=None):
        self.message, self.timestamp, self.stream = message, timestamp, stream
        self.ingestion, self.log = ingestion, log
        self._document = False

    def field(self, name):
        if self._document is False:
            self._document = json_in(self.message)
        if name == "@message":
            return self.message
        if name == "@timestamp":
            return None if self.timestamp is None else Time(self.timestamp)
        if name == "@ingestionTime":
            return None if self.ingestion is None else Time(self.ingestion)
        if name == "@logStream":
            return self.stream
        if name == "@log":
            return self.log
        if name.startswith("@") and not name.startswith("@@"):
            return self.of_lambda(name)
        return flat(self._document, name)

    def of_lambda(self, name):
        line = self.message
        report = line.startswith("REPORT RequestId: ")

        def found(pattern, factor=1.0):
            match = re.search(pattern, line) if report else None
            return float(match[1]) * factor if match else None

        if name == "@type":
            match = LAMBDA.match(line)
            return match[1] if match else None
        if name == "@requestId":
            match = re.match(
                r"(?:(?:START|END|REPORT) RequestId: |\d{4}-\d\d-\d\dT[\d:.]+Z\t)([0-9a-fA-F-]{36})\b", line
            )
            return match[1] if match else None
        if name == "@duration":
            return found(r"\tDuration: ([\d.]+) ms")
        if name == "@billedDuration":
            return found(r"Billed Duration: ([\d.]+) ms")
        if name == "@initDuration":
            return found(r"Init Duration: ([\d.]+) ms")
        if name == "@memorySize":
            return found(r"Memory Size: (\d+) MB", 1e6)
        if name == "@maxMemoryUsed":
            return found(r"Max Memory Used: (\d+) MB", 1e6)
        if name in ("@xrayTraceId", "@xraySegmentId"):
            pattern = r"XRAY TraceId: (\S+)" if name == "@xrayTraceId" else r"SegmentId: (\S+)"
            match = re.search(pattern, line) if report else None
            return match[1] if match else None
        return None


# Rows


class Row:
    """What commands made for an event; after stats there is no event."""

    def __init__(self, event, values=None, position=0, right=None):
        self.event, self.values, self.position, self.right = event, dict(values or {}), position, right
        self.inner = ()

    def copy(self):
        made = Row(self.event, self.values, self.position, self.right)
        made.inner = self.inner
        return made


class Engine:
    def __init__(self, events, *, policy=None, now=0, start=None, end=None, groups=None, lookups=None):
        self.events = events
        self.policy = DEFAULTS | (policy or {})
        self.now, self.start, self.end = now, start, end
        self.groups, self.lookups = groups or {}, lookups or {}

    def run(self, query):
        columns, rows = self.table(query)
        made = []
        for row in rows:
            cells = {name: shown(get(row)) for name, get in columns.items()}
            made.append({name: cell for name, cell in cells.items() if cell is not None})
        return list(columns), made

    def table(self, query):
        run = Run(self, query)
        return run.columns, run.rows


class Run:
    def __init__(self, engine, query):
        self.engine, self.policy = engine, engine.policy
        self.closed = False
        self.sides = None
        self.columns = {}
        self.sorts = []
        self.keys = []
        events = engine.events
        for command in query.commands:
            if isinstance(command, t.Source) and engine.groups:
                chosen = [e for g, es in engine.groups.items() if g in command.log_groups for e in es]
                events = chosen if not hasattr(self, "sourced") else [*events, *chosen]
                self.sourced = True
        self.rows = [Row(event, position=place) for place, event in enumerate(events)]
        self.order()
        limits = []
        for command in query.commands:
            if isinstance(command, t.Limit):
                limits.append(command.count)
                if self.policy["limit_in_place"]:
                    self.rows = self.rows[: command.count]
            else:
                getattr(self, type(command).__name__.lower())(command)
        self.rows = self.rows[: min(limits, default=10_000)]
        if not self.columns:
            self.columns = {name: self.getter(name) for name in ("@timestamp", "@message")}

    def order(self):
        """Newest first; of one time the later first."""
        timed = [row for row in self.rows if row.event.timestamp is not None]
        rest = [row for row in self.rows if row.event.timestamp is None]
        timed.sort(key=lambda row: (row.event.timestamp, row.position), reverse=True)
        rest.sort(key=lambda row: row.position, reverse=True)
        self.rows = [*timed, *rest]

    def getter(self, name):
        field = t.Field((0, 0), (name,))
        return lambda row: self.value(field, row)

    # commands

    def source(self, command):
        pass

    def fields(self, command):
        for item in command.items:
            plain = isinstance(item.expression, t.Field) and not item.aliased
            if not plain:
                for row in self.rows:
                    row.values[item.name] = self.value(item.expression, row)
            self.columns[item.name] = self.column(item, plain=plain)

    def column(self, item, *, plain):
        if plain:
            return lambda row: self.value(item.expression, row)
        return lambda row: row.values.get(item.name)

    def display(self, command):
        self.columns = {}
        self.fields(command)

    def filter(self, command):
        self.rows = [row for row in self.rows if self.true(command.condition, row)]

    def sort(self, command):
        for key in reversed(command.keys):
            keyed = [(sort_key(self.value(key.expression, row)), row) for row in self.rows]
            gone = [row for found, row in keyed if found is None]
            there = [(found, row) for found, row in keyed if found is not None]
            # Equal keys keep their order whichever way is sorted.
            there.sort(key=lambda one: one[0], reverse=key.descending)
            if key.descending:
                there = stable_descending(there)
            there = [row for _, row in there]
            first = self.policy["missing_sorts_first"] != key.descending
            self.rows = [*gone, *there] if first else [*there, *gone]

    def dedup(self, command):
        seen, kept = set(), []
        for row in self.rows:
            key = tuple(text(self.value(field, row)) for field in command.fields)
            if None in key:
                kept.append(row)
            elif key not in seen:
                seen.add(key)
                kept.append(row)
        self.rows = kept

    def stats(self, command):
        groups = {}
        for row in self.rows:
            values = [self.value(item.expression, row) for item in command.by]
            values = [None if isinstance(one, dict | list) else one for one in values]
            groups.setdefault(tuple(text(one) for one in values), (values, []))[1].append(row)
        if not command.by and not groups and self.policy["stats_of_nothing"]:
            groups[()] = ([], [])
        made = []
        for values, rows in groups.values():
            given = {item.name: value for item, value in zip(command.by, values, strict=True)}
            for item in command.items:
                given[item.name] = self.measure(item.expression, rows, given)
            made.append(given)
        names = [item.name for item in (*command.by, *command.items)]
        self.rows = [Row(None, given, place) for place, given in enumerate(made)]
        self.closed, self.sides = True, None
        self.columns = {name: (lambda row, name=name: row.values.get(name)) for name in names}
        for item in reversed(command.by):
            keyed = [(sort_key(row.values[item.name]), row) for row in self.rows]
            gone = [row for key, row in keyed if key is None]
            there = sorted((one for one in keyed if one[0] is not None), key=lambda one: one[0])
            there = [row for _, row in there]
            self.rows = [*gone, *there] if self.policy["missing_sorts_first"] else [*there, *gone]

    def parseglob(self, command):
        glob = command.glob.value
        if "*" not in glob:
            literal = glob if self.policy["glob_without_star_gives_text"] else ""
            for row in self.rows:
                held = self.operand(command, row)
                row.values[command.names[0].text] = literal if held is not None and glob in held else None
        else:
            for row in self.rows:
                found = globbed(glob, self.operand(command, row))
                for place, name in enumerate(command.names):
                    row.values[name.text] = found[place] if found else None
        self.show([name.text for name in command.names])

    def operand(self, command, row):
        if command.field is None:
            return text(row.event.message) if row.event and "@message" not in row.values else row.values.get("@message")
        return text(self.value(command.field, row))

    def show(self, names):
        for name in names:
            if name in self.columns:
                self.columns[name] = lambda row, name=name: row.values.get(name)

    def parseregex(self, command):
        pattern, names = groups_of(command.regex)
        for place, name in enumerate(command.names):
            names[place] = name.text
        compiled = compiled_regex(pattern)
        made = []
        for row in self.rows:
            held = self.operand(command, row)
            found = [] if held is None else list(compiled.finditer(held))
            if not command.multi:
                found = found[:1]
            for place, match in enumerate(found or [None]):
                new = row.copy()
                new.inner = (*row.inner, place)
                for group, name in enumerate(names, 1):
                    if name:
                        new.values[name] = None if match is None else (match.group(group) or "")
                made.append(new)
        self.rows = made
        self.show([name for name in names if name])

    def parselogfmt(self, command):
        for row in self.rows:
            held = self.operand(command, row)
            pairs = re.findall(r'([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))', held or "")
            found = {}
            for key, inside, plain in pairs:
                found.setdefault(key, re.sub(r"\\([\"\\])", r"\1", inside) if inside else plain)
            row.values[command.name.text] = found or None
        self.show([command.name.text])

    def parsecsv(self, command):
        for row in self.rows:
            held = self.operand(command, row)
            cells = [] if held is None else next(csv.reader(io.StringIO(held)), [])
            for place, name in enumerate(command.names):
                row.values[name.text] = cells[place] if place < len(cells) else None
        self.show([name.text for name in command.names])

    def readjson(self, command):
        for row in self.rows:
            value = self.value(command.field, row) if command.field else row.event.message
            row.values[command.name.text] = at(structure(value), command.path.value.split("."))
        self.show([command.name.text])

    def unnest(self, command):
        self.elements(command.name.text, lambda row: self.value(command.operand, row))

    def expand(self, command):
        def value(row):
            held = self.value(command.field, row)
            if isinstance(held, str) and re.match(r"\s*\[", held):
                parsed = parse_json(held)
                return parsed if isinstance(parsed, list) else held
            return held

        self.elements(command.field.name, value)
        self.show([command.field.name])

    def elements(self, name, value):
        made = []
        for row in self.rows:
            held = value(row)
            parts = held if isinstance(held, list) else [] if held is None else [held]
            if not parts and self.policy["unnest_keeps_empty"]:
                parts = [None]
            for place, part in enumerate(parts):
                new = row.copy()
                new.values[name] = part
                new.inner = (*row.inner, place)
                made.append(new)
        self.rows = made

    def join(self, command):
        names = [name for one in command.source for name in one.log_groups]
        right = [event for name in names for event in self.engine.groups.get(name, [])]
        by_key = {}
        for event in right:
            key = text(event.field(".".join(map(str, command.right_key.path))))
            if key is not None:
                by_key.setdefault(key, []).append(event)
        made = []
        for row in self.rows:
            key = text(self.value(command.left_key, row))
            found = by_key.get(key, []) if key is not None else []
            for event in found or ([None] if command.type == "left" else []):
                new = row.copy()
                new.right = event
                made.append(new)
        self.rows = made
        self.sides = (command.left, command.right)

    def lookup(self, command):
        table = self.engine.lookups[command.table]
        for row in self.rows:
            keys = [(one.column, text(self.value(one.field, row))) for one in command.keys]
            found = next((one for one in table if all(v is not None and one[c] == v for c, v in keys)), None)
            for output in command.outputs:
                row.values[output.name.text] = found[output.column] if found else None
        self.show([one.name.text for one in command.outputs])

    # expressions

    def value(self, e, row):  # noqa: C901, PLR0912
        if isinstance(e, t.Field):
            return self.field(e, row)
        if isinstance(e, t.Text):
            return e.value
        if isinstance(e, t.Number):
            return float(e.text)
        if isinstance(e, t.Boolean):
            return e.value
        if isinstance(e, t.Unary):
            if e.operator == "not":
                return not self.true(e.operand, row)
            inner = number(self.value(e.operand, row))
            return None if inner is None else -inner
        if isinstance(e, t.Binary):
            if e.operator == "and":
                return self.true(e.left, row) and self.true(e.right, row)
            if e.operator == "or":
                return self.true(e.left, row) or self.true(e.right, row)
            left, right = self.value(e.left, row), self.value(e.right, row)
            if e.operator in ("=", "!=", "<", "<=", ">", ">="):
                return self.compared(e.operator, left, right)
            return calculated(e.operator, number(left), number(right))
        if isinstance(e, t.Like):
            held = text(self.value(e.operand, row))
            if held is None:
                return e.negated and self.policy["missing_not_like"]
            if isinstance(e.pattern, t.Regex):
                found = compiled_regex(groups_of(e.pattern)[0]).search(held) is not None
            else:
                sought = text(self.value(e.pattern, row))
                if sought is None:
                    return e.negated and self.policy["missing_not_like"]
                found = sought in held
            return found != e.negated
        if isinstance(e, t.In):
            held = self.value(e.operand, row)
            if text(held) is None:
                return e.negated and self.policy["missing_not_in"]
            found = any(self.compared("=", held, self.value(one, row)) for one in e.items)
            return found != e.negated
        if isinstance(e, t.InQuery):
            return self.within(e, row)
        if isinstance(e, t.Call):
            if self.closed:
                label = "".join(format_expression(e).split()).lower()
                for name, value in row.values.items():
                    if "".join(name.split()).lower() == label:
                        return value
            return Function(self, row).call(e)
        return None

    def within(self, e, row):
        if not hasattr(self, "_memory"):
            self._memory = {}
        if id(e) not in self._memory:
            columns, rows = self.engine.table(e.query)
            (get,) = columns.values()
            self._memory[id(e)] = {canonical(text(get(one))) for one in rows} - {None}
        held = text(self.value(e.operand, row))
        if held is None:
            return e.negated and self.policy["missing_not_in"]
        return (canonical(held) in self._memory[id(e)]) != e.negated

    def field(self, e, row):
        path = e.path
        for length in range(len(path), 0, -1):
            name = t.Field((0, 0), path[:length]).name
            if name in row.values:
                return at(row.values[name], path[length:]) if length < len(path) else row.values[name]
        if self.sides and path[0] in self.sides and len(path) > 1:
            if path[0] == self.sides[1]:
                return None if row.right is None else row.right.field(".".join(map(str, path[1:])))
            return self.field(t.Field((0, 0), path[1:]), row)
        if self.closed:
            label = "".join(e.name.split()).lower()
            for name, value in row.values.items():
                if "".join(name.split()).lower() == label:
                    return value
            return None
        return row.event.field(".".join(map(str, path)))

    def true(self, e, row):
        value = self.value(e, row)
        if value is None or isinstance(value, dict | list):
            return False
        if isinstance(value, bool):
            return value
        as_number = number(value)
        if as_number is not None:
            return as_number != 0
        if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
        return self.policy["text_is_true"]

    def compared(self, operator, left, right):
        if operator == "!=":
            if text(left) is None or text(right) is None:
                return self.policy["missing_ne"] and (left is None or right is None)
            return not self.compared("=", left, right)
        if text(left) is None or text(right) is None:
            return False
        if operator == "=" and self.policy["boolean_equals_text"]:
            for one, other in ((left, right), (right, left)):
                if isinstance(one, bool) and isinstance(other, str) and other in ("true", "false"):
                    return one == (other == "true")
        a, b = number(left), number(right)
        if (a is None) != (b is None):
            return False
        if a is None:
            a, b = text(left), text(right)
        return {"=": a == b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]

    # aggregates

    def measure(self, e, rows, given):
        if isinstance(e, t.Call) and e.function in AGGREGATES:
            return self.aggregate(e, rows)
        if isinstance(e, t.Field):
            if e.name in given:
                return given[e.name]
            return None
        if isinstance(e, t.Unary):
            inner = self.measure(e.operand, rows, given)
            return self.value(t.Unary((0, 0), e.operator, Constant(inner)), None)
        if isinstance(e, t.Binary):
            left, right = self.measure(e.left, rows, given), self.measure(e.right, rows, given)
            return self.value(t.Binary((0, 0), e.operator, Constant(left), Constant(right)), None)
        if isinstance(e, t.Call):
            arguments = tuple(
                one if isinstance(one, t.Period) else Constant(self.measure(one, rows, given)) for one in e.arguments
            )
            return Function(self, None).call(t.Call((0, 0), e.written, e.function, arguments, (0, 0)))
        if isinstance(e, t.Like):
            inner = Constant(self.measure(e.operand, rows, given))
            return self.value(t.Like((0, 0), inner, e.pattern, e.negated), None)
        if isinstance(e, t.In):
            inner = Constant(self.measure(e.operand, rows, given))
            return self.value(t.In((0, 0), inner, e.items, e.negated), None)
        return self.value(e, None)

    def aggregate(self, e, rows):  # noqa: C901, PLR0912
        name = e.function
        if name == "count" and (not e.arguments or isinstance(e.arguments[0], t.Star)):
            return len(rows)
        argument = e.arguments[1] if name == "topk" else e.arguments[0]
        values = [self.value(argument, row) for row in rows]
        if name in ("count", "countOverTime"):
            return sum(value is not None for value in values)
        numbers = [one for one in map(number, values) if one is not None]
        texts = [one for one in map(text, values) if one is not None]
        if name == "countDistinct":
            return len(set(texts))
        if name in ("sum", "sumOverTime"):
            return finite(math.fsum(numbers)) if numbers else None
        if name == "avg":
            return finite(math.fsum(numbers) / len(numbers)) if numbers else None
        if name in ("stddev", "variance"):
            return spread(name, numbers, sample=name == "stddev" and self.policy["stddev_of_sample"])
        if name in ("pct", "median"):
            return percentile(numbers, float(e.arguments[1].text) if name == "pct" else 50.0, self.policy)
        if name in ("min", "max"):
            times = [one for one in values if isinstance(one, Time)]
            if times:
                return (min if name == "min" else max)(times)
            if numbers:
                return (min if name == "min" else max)(numbers)
            return (min if name == "min" else max)(texts, key=natural, default=None)
        if name in ("sortsFirst", "sortsLast"):
            return (min if name == "sortsFirst" else max)(texts, key=sort_key, default=None)
        if name == "values":
            return sorted(set(texts)) or None
        if name == "topk":
            counted = sorted(Counter(texts).items(), key=lambda one: (-one[1], one[0]))
            return [one for one, _ in counted][: int(float(e.arguments[0].text))] if counted else None
        timed = [(row.event.timestamp, row.position, value) for row, value in zip(rows, values, strict=True)]
        timed = [one for one in timed if one[2] is not None]
        pick = min if name == "earliest" else max
        known = [one for one in timed if one[0] is not None]
        return pick(known, key=lambda one: one[:2])[2] if known else None


class Constant(t.Text):
    """A value that was computed already."""

    def __init__(self, value):
        self.__dict__.update(span=(0, 0), value=value)


def stable_descending(there):
    """Groups of equal keys were reversed with the rest: turn each back."""
    made, place = [], 0
    while place < len(there):
        end = place
        while end < len(there) and there[end][0] == there[place][0]:
            end += 1
        made.extend(there[place:end])
        place = end
    return made


def canonical(value):
    as_number = number(value) if value is not None else None
    return value if as_number is None else number_text(as_number)


def calculated(operator, a, b):
    if a is None or b is None:
        return None
    try:
        if operator == "+":
            return finite(a + b)
        if operator == "-":
            return finite(a - b)
        if operator == "*":
            return finite(a * b)
        if operator == "/":
            return None if b == 0 else finite(a / b)
        if operator == "%":
            return None if b == 0 else finite(math.fmod(a, b))
        made = a**b
        return None if isinstance(made, complex) else finite(made)
    except (OverflowError, ZeroDivisionError):
        return None


def spread(name, numbers, *, sample):
    count = len(numbers)
    if count == 0 or (sample and count < 2):
        return None
    mean = math.fsum(numbers) / count
    variance = math.fsum((one - mean) ** 2 for one in numbers) / (count - 1 if sample else count)
    return finite(math.sqrt(variance) if name == "stddev" else variance)


def percentile(numbers, percent, policy):
    if not numbers:
        return None
    ordered = sorted(numbers)
    if policy["pct_interpolated"]:
        place = percent / 100 * (len(ordered) - 1)
        below = math.floor(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
    return ordered[max(math.ceil(round(percent / 100 * len(ordered), 9)) - 1, 0)]


def globbed(glob, held):
    """The runs that the stars of a glob stand for: each the shortest, the last one to the end."""
    if held is None:
        return None
    pieces = glob.split("*")

    def rest(place, number_):
        """The runs from the star before piece `number_` on, from `place` in the text."""
        if number_ == len(pieces):
            return []
        piece = pieces[number_]
        if number_ == len(pieces) - 1 and piece == "":
            return [held[place:]]
        at_ = held.find(piece, place)
        while at_ >= 0:
            more = rest(at_ + len(piece), number_ + 1)
            if more is not None:
                return [held[place:at_], *more]
            at_ = held.find(piece, at_ + 1)
        return None

    start = held.find(pieces[0])
    while start >= 0:
        found = rest(start + len(pieces[0]), 1)
        if found is not None:
            return found
        start = held.find(pieces[0], start + 1)
        if pieces[0] == "" and start > len(held):
            return None
    return None


def groups_of(regex):
    """The pattern without its groups' names, and the names."""
    names, pattern, place, source = [], "", 0, regex.pattern
    in_class = False
    while place < len(source):
        if source[place] == "\\":
            pattern += source[place : place + 2]
            place += 2
            continue
        if in_class:
            in_class = source[place] != "]"
        elif source[place] == "[":
            in_class = True
            if source[place + 1 : place + 2] in ("]", "^"):
                pattern += source[place]
                place += 1
        elif source[place] == "(":
            named = re.match(r"\(\?P?<([^=!>][^>]*)>", source[place:])
            if named:
                names.append(named[1])
                pattern += "("
                place += len(named[0])
                continue
            if source[place + 1 : place + 2] != "?":
                names.append(None)
        pattern += source[place]
        place += 1
    return ("(?i)" if regex.ignore_case else "") + pattern, names


def compiled_regex(pattern):
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def structure(value):
    """An object or a list, of itself or of the text that holds it."""
    if isinstance(value, dict | list):
        return value
    if isinstance(value, str) and re.match(r"\s*[\[{]", value):
        found = parse_json(value)
        return found if isinstance(found, dict | list) else None
    return None


PERIODS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
CAPS = {"ms": 1000, "s": 60, "m": 60, "h": 24}
MONTHS = {"mo": 1, "q": 3, "y": 12}


def floored(moment, period):
    count = min(period.count, CAPS.get(period.unit, period.count))
    if period.unit in MONTHS:
        date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(moment))
        step = count * MONTHS[period.unit]
        return Time(month_start(((date.year - 1970) * 12 + date.month - 1) // step * step))
    origin = 4 * 86_400_000 if period.unit == "w" else 0
    step = count * PERIODS[period.unit]
    return Time((int(moment) - origin) // step * step + origin)


def month_start(months):
    return int(datetime(1970 + months // 12, months % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000)


def ceiled(moment, period):
    below = floored(moment, period)
    if below == moment:
        return below
    count = min(period.count, CAPS.get(period.unit, period.count))
    if period.unit in MONTHS:
        date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(below))
        return Time(month_start((date.year - 1970) * 12 + date.month - 1 + count * MONTHS[period.unit]))
    return Time(below + count * PERIODS[period.unit])


def address(held):
    try:
        return ipaddress.ip_address(held)
    except ValueError:
        return None


PRIVATE = [ipaddress.ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]


class Function:
    """Scalar functions."""

    def __init__(self, run, row):
        self.run, self.row = run, row

    def call(self, e):
        return getattr(self, "f_" + e.function.lower())(*e.arguments)

    def v(self, e):
        return self.run.value(e, self.row)

    def n(self, e):
        return number(self.v(e))

    def s(self, e):
        return text(self.v(e))

    def texts(self, function, *arguments):
        values = [self.s(one) for one in arguments]
        return None if None in values else function(*values)

    def numbers(self, function, *arguments):
        values = [self.n(one) for one in arguments]
        return None if None in values else finite(function(*values))

    def f_abs(self, a):
        return self.numbers(abs, a)

    def f_ceil(self, a):
        return self.numbers(lambda x: float(math.ceil(x)), a)

    def f_floor(self, a):
        return self.numbers(lambda x: float(math.floor(x)), a)

    def f_greatest(self, *a):
        values = [one for one in map(self.n, a) if one is not None]
        return max(values, default=None)

    def f_least(self, *a):
        values = [one for one in map(self.n, a) if one is not None]
        return min(values, default=None)

    def f_log(self, a):
        return self.numbers(lambda x: math.log(x) if x > 0 else math.nan, a)

    def f_sqrt(self, a):
        return self.numbers(lambda x: math.sqrt(x) if x >= 0 else math.nan, a)

    def f_round(self, a, d=None):
        def half_up(x, digits=0.0):
            scale = 10.0 ** int(digits)
            scaled = x * scale
            if not math.isfinite(scaled):
                return x
            return math.copysign(math.floor(abs(scaled) + 0.5), scaled) / scale

        return self.numbers(half_up, a) if d is None else self.numbers(half_up, a, d)

    def f_haversine(self, *a):
        def distance(lat1, lon1, lat2, lon2):
            p, q = math.radians(lat1), math.radians(lat2)
            u = math.sin((q - p) / 2) ** 2
            u += math.cos(p) * math.cos(q) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
            return 2 * 6371.0088 * math.asin(min(1.0, math.sqrt(u)))

        return self.numbers(distance, *a)

    def f_tonumber(self, a):
        return self.n(a)

    f_todouble = f_tonumber

    def whole(self, a, bound):
        value = self.n(a)
        if value is None:
            return None
        value = float(math.trunc(value))
        return value if -bound <= value < bound else None

    def f_toint(self, a):
        return self.whole(a, 2.0**31)

    def f_tolong(self, a):
        return self.whole(a, 2.0**63)

    def f_ispresent(self, a):
        return self.v(a) is not None

    def f_isnumeric(self, a):
        return self.n(a) is not None

    def f_messagesize(self, a):
        return self.texts(lambda x: float(len(x.encode())), a)

    def f_unmask(self, a):
        return self.v(a)

    def f_coalesce(self, *a):
        return next((value for value in map(self.v, a) if value is not None), None)

    def f_case(self, *a):
        for place in range(0, len(a) // 2 * 2, 2):
            if self.run.true(a[place], self.row):
                return self.v(a[place + 1])
        return self.v(a[-1]) if len(a) % 2 else None

    def f_if(self, c, a, b):
        return self.v(a) if self.run.true(c, self.row) else self.v(b)

    def f_now(self):
        return float(self.run.engine.now // 1000)

    def f_querystarttime(self):
        start = self.run.engine.start
        return None if start is None else float(start)

    def f_queryendtime(self):
        end = self.run.engine.end
        return None if end is None else float(end)

    def f_querytimerange(self):
        start, end = self.run.engine.start, self.run.engine.end
        return None if start is None or end is None else float(end - start)

    def ms(self, a):
        value = self.v(a)
        if isinstance(value, Time):
            return value
        value = number(value)
        return None if value is None or abs(value) >= 2**63 else Time(math.floor(value))

    def f_bin(self, *a):
        moment = self.ms(a[0]) if len(a) == 2 else self.run.field(t.Field((0, 0), ("@timestamp",)), self.row)
        return None if moment is None else floored(moment, a[-1])

    def f_datefloor(self, a, p):
        moment = self.ms(a)
        return None if moment is None else floored(moment, p)

    def f_dateceil(self, a, p):
        moment = self.ms(a)
        return None if moment is None else ceiled(moment, p)

    def f_frommillis(self, a):
        return self.ms(a)

    def f_tomillis(self, a):
        moment = self.ms(a)
        return None if moment is None else float(moment)

    def f_parsedate(self, a, pattern, zone=None):
        held, form = self.s(a), self.s(pattern)
        if held is None or form is None:
            return None
        names = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "SSS": "%f", "XXX": "%z"}
        for java, python in names.items():
            form = form.replace(java, python)
        form = form.replace("'", "")
        try:
            moment = datetime.strptime(held, form)  # noqa: DTZ007 - the zone is given beside it
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self.s(zone) if zone else "UTC"))
        return float(round(moment.timestamp() * 1000))

    def f_formatdate(self, a, pattern, zone=None):
        moment, form = self.ms(a), self.s(pattern)
        if moment is None or form is None:
            return None
        date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(moment))
        return date.astimezone(ZoneInfo(self.s(zone) if zone else "UTC")).strftime(form)

    def f_isempty(self, a):
        value = self.v(a)
        return value is None or text(value) == ""

    def f_isblank(self, a):
        value = self.v(a)
        return value is None or (text(value) is not None and re.fullmatch(r"[\t\n\f\r ]*", text(value)) is not None)

    def f_concat(self, *a):
        return "".join(self.s(one) or "" for one in a)

    def trimmed(self, a, c, left, right):
        held = self.s(a)
        characters = "\t\n\f\r " if c is None else self.s(c)
        if held is None or characters is None:
            return None
        if left:
            held = held.lstrip(characters) if characters else held
        if right:
            held = held.rstrip(characters) if characters else held
        return held

    def f_ltrim(self, a, c=None):
        return self.trimmed(a, c, True, False)

    def f_rtrim(self, a, c=None):
        return self.trimmed(a, c, False, True)

    def f_trim(self, a, c=None):
        return self.trimmed(a, c, True, True)

    def f_strlen(self, a):
        return self.texts(lambda x: float(len(x)), a)

    def f_toupper(self, a):
        return self.texts(str.upper, a)

    def f_tolower(self, a):
        return self.texts(str.lower, a)

    def f_substr(self, a, start, length=None):
        held, first = self.s(a), self.n(start)
        count = None if length is None else self.n(length)
        if held is None or first is None or (length is not None and count is None):
            return None
        first = max(math.trunc(first), 0)
        return held[first:] if length is None else held[first : first + max(math.trunc(count), 0)]

    def f_replace(self, a, old, new):
        if isinstance(old, t.Regex):
            return self.f_regexreplace(a, old, new)
        return self.texts(lambda x, y, z: x.replace(y, z) if y else x, a, old, new)

    def f_regexreplace(self, a, old, new):
        pattern = groups_of(old)[0] if isinstance(old, t.Regex) else self.s(old)
        held, replacement = self.s(a), self.s(new)
        if None in (held, pattern, replacement):
            return None
        return compiled_regex(pattern).sub(replacement, held)

    def f_strcontains(self, a, b, ignoring=None):
        held, sought = self.s(a), self.s(b)
        if held is None or sought is None:
            return False
        if ignoring is not None and self.run.true(ignoring, self.row):
            held, sought = held.lower(), sought.lower()
        return sought in held

    def f_startswith(self, a, b):
        return self.texts(str.startswith, a, b) or False

    def f_endswith(self, a, b):
        return self.texts(str.endswith, a, b) or False

    def f_urlencode(self, a):
        return self.texts(lambda x: quote(x, safe="-_.* ").replace(" ", "+").replace("~", "~"), a)

    def f_urldecode(self, a):
        return self.texts(unquote_plus, a)

    def f_base64encode(self, a):
        return self.texts(lambda x: base64.b64encode(x.encode()).decode(), a)

    def f_base64decode(self, a):
        def decoded(x):
            try:
                return base64.b64decode(x, validate=True).decode()
            except ValueError:
                return None

        return self.texts(decoded, a)

    def f_split(self, a, b):
        return self.texts(lambda x, y: x.split(y) if y else list(x), a, b)

    def f_hextoascii(self, a):
        def decoded(x):
            try:
                return bytes.fromhex(x.removeprefix("0x")).decode()
            except ValueError:
                return None

        return self.texts(decoded, a)

    def f_hextodec(self, a):
        def decoded(x):
            try:
                return float(int(x, 16))
            except ValueError:
                return None

        return self.texts(decoded, a)

    def f_dectohex(self, a):
        value = self.n(a)
        return None if value is None or value != int(value) else f"{int(value):x}"

    def f_md5(self, a):
        return self.texts(lambda x: hashlib.md5(x.encode()).hexdigest(), a)  # noqa: S324

    def f_sha256(self, a):
        return self.texts(lambda x: hashlib.sha256(x.encode()).hexdigest(), a)

    def f_isvalidip(self, a):
        return self.texts(lambda x: address(x) is not None, a) or False

    def f_isvalidipv4(self, a):
        return self.texts(lambda x: getattr(address(x), "version", 0) == 4, a) or False

    def f_isvalidipv6(self, a):
        return self.texts(lambda x: getattr(address(x), "version", 0) == 6, a) or False

    def f_isipinsubnet(self, a, b, version=None):
        def inside(x, y):
            found = address(x)
            try:
                network = ipaddress.ip_network(y, strict=False)
            except ValueError:
                return False
            return found is not None and (version in (None, found.version)) and found in network

        return self.texts(inside, a, b) or False

    def f_isipv4insubnet(self, a, b):
        return self.f_isipinsubnet(a, b, 4)

    def f_isipv6insubnet(self, a, b):
        return self.f_isipinsubnet(a, b, 6)

    def f_ipv4tonumber(self, a):
        return self.texts(lambda x: float(int(address(x))) if getattr(address(x), "version", 0) == 4 else None, a)

    def f_isprivateip(self, a):
        return self.texts(lambda x: address(x) is not None and any(address(x) in one for one in PRIVATE), a) or False

    def f_ispublicip(self, a):
        return self.texts(lambda x: address(x) is not None and address(x).is_global, a) or False

    def f_isreservedip(self, a):
        def reserved(x):
            found = address(x)
            return found is not None and (found.is_reserved or found.is_loopback or found.is_link_local)

        return self.texts(reserved, a) or False

    def f_jsonparse(self, a):
        return structure(self.v(a))

    def f_jsonstringify(self, a):
        value = self.v(a)
        return shown(value) if isinstance(value, dict | list) else None

    def f_jsonarraysize(self, a):
        value = structure(self.v(a))
        return float(len(value)) if isinstance(value, list) else None

    def f_jsonarraycontains(self, a, b):
        value, sought = structure(self.v(a)), self.s(b)
        if not isinstance(value, list) or sought is None:
            return False
        return any(sought == (one if isinstance(one, str) else json.dumps(one)) for one in value if one is not None)
