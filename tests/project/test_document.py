"""The reference of the configuration is made from its types, and its examples are true."""

from __future__ import annotations

import re
import tomllib

import msgspec
import pytest

from mangaobs.project import configuration as types
from mangaobs.project import document
from mangaobs.project._read import merge, read_configuration

PAGE = document()
STRUCTS = [getattr(types, name) for name in types.__all__ if name != "Name"]


class Thresholds(msgspec.Struct):
    """When the alarms fire."""

    query_p99_ms: float = 25


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_key_of_every_section_is_described(struct: type[msgspec.Struct]) -> None:
    for name, field in zip(
        struct.__struct_encode_fields__,
        msgspec.inspect.type_info(struct).fields,
        strict=True,  # type: ignore[attr-defined]
    ):
        assert field.type.extra_json_schema["description"], name
        assert re.search(rf"^\| `{name}` \|.* \| [^|]+ \|$", PAGE, re.MULTILINE)


def test_the_examples_are_one_valid_configuration(tmp_path: object) -> None:
    whole: dict[str, object] = {}
    for example in re.findall(r"```toml\n(.*?)```", PAGE.partition("## Names")[0], re.DOTALL):
        tables = tomllib.loads(example)
        if "read_capacity" not in tables:
            whole = merge(whole, tables)
    import json
    from pathlib import Path

    folder = Path(str(tmp_path))
    text = "\n".join(f"{key} = {_inline(json.loads(json.dumps(value)))}" for key, value in whole.items())
    (folder / "mangaobs.toml").write_text(text)
    assert set(whole) >= set(types.Configuration.__struct_fields__) - {
        "environment",
        "dashboard_naming",
        "query_folder",
        "alarms",
    }
    read_configuration(folder)


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}" = {_inline(item)}' for key, item in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return msgspec.json.encode(value).decode()


def test_types_defaults_and_limits_are_shown() -> None:
    assert "| `timeout` | whole number, 1 to 900 | *required* | Its timeout in seconds |" in PAGE
    assert '| `billing` | `"on-demand"` \\| `"provisioned"` | `"on-demand"` |' in PAGE
    assert "| `name` | [name](#names) | *required* | Name of the table |" in PAGE
    assert "## `[tables.KEY]`" in PAGE
    assert "## `[tables.KEY.indexes.KEY]`" in PAGE


def test_the_projects_own_thresholds_are_a_section() -> None:
    page = document(Thresholds)
    assert "## `[alarms]`\n\nWhen the alarms fire." in page
    assert "| `query_p99_ms` | number | `25` |" in page


def test_the_page_is_the_same_each_time() -> None:
    assert document(Thresholds) == document(Thresholds)
