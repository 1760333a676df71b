"""The scanner finds every key and value of whatever tomllib accepts."""

import json
import tomllib
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mangaobs.project._positions import Positions

BARE = st.text("abcXYZ019_-", min_size=1, max_size=5)
KEYS = BARE | st.text("a.b \"'#=[]é{}", max_size=5)
TEXTS = st.text("ab \n\t\"'\\#=[]{},.é→", max_size=12)


def _key(key: str, draw: Any) -> str:
    bare = key.isascii() and key and all(c.isalnum() or c in "_-" for c in key)
    styles = [json.dumps(key, ensure_ascii=False)]
    if bare:
        styles.append(key)
    if "'" not in key:
        styles.append(f"'{key}'")
    return draw(st.sampled_from(styles))


def _text(text: str, draw: Any) -> str:
    basic = json.dumps(text, ensure_ascii=False)
    styles = [basic, f'"""{basic[1:-1]}"""', '"""\n' + text.replace("\\", "\\\\").replace('"""', '""\\"') + '\\n"""']
    if "'" not in text:
        styles.append(f"'''{text}'''")
        if "\n" not in text:
            styles.append(f"'{text}'")
    return draw(st.sampled_from(styles))


@st.composite
def _value(draw: Any, depth: int = 2) -> str:
    kind = draw(st.integers(0, 7 if depth else 4))
    if kind == 0:
        return draw(st.sampled_from(["1", "-0x1F".lstrip("-"), "1_000", "+3.5e-2", "inf", "true", "false"]))
    if kind == 1:
        return draw(st.sampled_from(["1979-05-27 07:32:00", "1979-05-27T00:32:00.5-07:00", "07:32:00", "1979-05-27"]))
    if kind <= 4:
        return _text(draw(TEXTS), draw)
    blank = st.sampled_from(["", " ", "\n", " # [ ' \" ]\n", "\t"])
    if kind <= 6:
        items = [draw(blank) + draw(_value(depth - 1)) + draw(blank) for _ in range(draw(st.integers(0, 3)))]
        tail = "," + draw(blank) if items and draw(st.booleans()) else draw(blank)
        return "[" + ",".join(items) + tail + "]"
    keys = draw(st.lists(KEYS, max_size=3, unique=True))
    return "{ " + ", ".join(f"{_key(key, draw)} = {draw(_value(depth - 1))}" for key in keys) + " }"


@st.composite
def documents(draw: Any) -> str:
    lines = []
    for _ in range(draw(st.integers(0, 8))):
        kind = draw(st.integers(0, 4))
        dot = draw(st.sampled_from([".", " . "]))
        path = dot.join(_key(key, draw) for key in draw(st.lists(KEYS, min_size=1, max_size=3)))
        if kind == 0:
            lines.append(f"[{path}] # header")
        elif kind == 1:
            lines.append(f"  [[ {path} ]]")
        else:
            lines.append(f"{path} = {draw(_value())}" + draw(st.sampled_from(["", "  # x = 1", "\t"])))
        if draw(st.integers(0, 4)) == 0:
            lines.append(draw(st.sampled_from(["", "# [not.a.table]", "   "])))
    # Statements that clash with earlier ones are dropped, as random ones often do.
    kept: list[str] = []
    for line in lines:
        try:
            tomllib.loads("\n".join([*kept, line]))
        except tomllib.TOMLDecodeError:
            continue
        kept.append(line)
    return "\n".join(kept) + draw(st.sampled_from(["", "\n"]))


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [((*path, key), item) for key, item in pairs]
    return found + [deeper for at, item in found for deeper in paths(item, at)]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_every_key_and_value_of_any_document_is_located(text: str) -> None:
    positions = Positions(text)
    lines = text.split("\n")
    for path, value in paths(tomllib.loads(text)):
        assert path in positions
        if isinstance(path[-1], str):
            spot = positions.key(path)
            written = lines[spot.line - 1][spot.column - 1 : spot.column - 1 + spot.length]
            assert next(iter(tomllib.loads(f"{written} = 0"))) == path[-1]
        if not isinstance(value, dict | list):
            spot = positions.value(path)
            written = lines[spot.line - 1][spot.column - 1 : spot.column - 1 + spot.length]
            line = lines[spot.line - 1][spot.column - 1 :]
            assert line.startswith(written)
            if written.startswith(('"""', "'''")) and written.rstrip() == line.rstrip():
                continue  # goes on in the next lines
            assert tomllib.loads(f"v = {written}")["v"] == value


def test_a_table_with_a_header_of_its_own_is_found_there_and_not_where_it_is_mentioned_first() -> None:
    positions = Positions("[a.b]\nx = 1\n[a]\ny = 2\n")
    assert positions.key(("a",)) == (3, 2, 1)
    assert positions.key(("a", "b")) == (1, 4, 1)


def test_each_table_of_an_array_of_tables_has_its_own_header() -> None:
    positions = Positions('[[a.b]]\nx = 1\n\n[[a.b]]\nx = 2\n[a.b.c]\ny = "z"\n')
    assert positions.key(("a", "b", 0)) == (1, 5, 1)
    assert positions.key(("a", "b", 1)) == (4, 5, 1)
    assert positions.value(("a", "b", 1, "c", "y")) == (7, 5, 3)
