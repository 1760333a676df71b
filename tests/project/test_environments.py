"""Environments and `--set` over the base configuration."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mangaobs.errors import ConfigurationError, ManyErrors
from mangaobs.project import read_configuration
from mangaobs.project._read import merge, parse_set

BASE = """
application = "manga"
[account]
wide = false
[tables.sessions]
name = { parameter = "Sessions", default = "sessions" }
operations = ["GetItem", "Query"]
[alarms]
query_p99_ms = 25

[env.prod.account]
wide = true
[env.prod.tables.sessions]
name = { import = "prod-sessions" }
operations = ["Query"]
[env.staging]
environment = "stage"
[env.staging.tables.sessions.name]
default = "staging-sessions"
"""


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    query_p99_ms: float = 25
    note: str = ""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mangaobs.toml").write_text(BASE)
    return tmp_path


def read(project: Path, **options: Any) -> Any:
    return read_configuration(project, thresholds=Thresholds, **options)


def test_without_an_environment_the_base_stands_alone(project: Path) -> None:
    configuration = read(project)
    assert configuration.environment == "dev"
    assert not configuration.account.wide
    assert configuration.alarms == Thresholds(25)


def test_an_environment_is_merged_over_the_base_and_names_itself(project: Path) -> None:
    configuration = read(project, env="prod")
    assert configuration.environment == "prod"
    assert configuration.account.wide
    assert configuration.tables["sessions"].operations == ("Query",)


def test_a_reference_to_another_source_replaces_the_one_below(project: Path) -> None:
    assert read(project, env="prod").tables["sessions"].name.written.import_ == "prod-sessions"


def test_a_reference_without_a_source_changes_the_one_below(project: Path) -> None:
    written = read(project, env="staging").tables["sessions"].name.written
    assert (written.parameter, written.default) == ("Sessions", "staging-sessions")


def test_an_environment_may_say_what_it_is_called(project: Path) -> None:
    assert read(project, env="staging").environment == "stage"


def test_an_unknown_environment_is_refused_with_the_nearest_one(project: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no environment 'prd'; did you mean prod\?"):
        read(project, env="prd")


def test_an_environment_is_asked_for_and_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "mangaobs.toml").write_text('application = "a"\n')
    with pytest.raises(ConfigurationError, match=r"no environment 'prod'; add \[env.prod\]"):
        read_configuration(tmp_path, env="prod")


@pytest.mark.parametrize(
    ("argument", "path", "expected"),
    [
        ("alarms.query_p99_ms=40", "alarms.query_p99_ms", 40),
        ("alarms.query_p99_ms = 40.5", "alarms.query_p99_ms", 40.5),
        ("application=other", "application", "other"),
        ('application="other"', "application", "other"),
        ("naming={application}-x-{name}", "naming", "{application}-x-{name}"),
        ("account.wide=true", "account.wide", True),
        ("account.id=123456789012", "account.id", "123456789012"),
        ("account.id=012345678901", "account.id", "012345678901"),
        ('tables.sessions.operations=["Scan"]', "tables.sessions.operations", ("Scan",)),
        ("alarms.note=a = b", "alarms.note", "a = b"),
        ("alarms.note=1\nx = 2", "alarms.note", "1\nx = 2"),
        ("alarms.note=", "alarms.note", ""),
        ("runbooks.base_url=https://wiki/x?a=b#c", "runbooks.base_url", "https://wiki/x?a=b#c"),
    ],
)
def test_set_takes_toml_where_it_parses_and_text_otherwise(
    project: Path, argument: str, path: str, expected: object
) -> None:
    value: Any = read(project, sets=[argument])
    for part in path.split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    assert value == expected


def test_set_wins_over_the_environment_and_the_last_one_over_those_before(project: Path) -> None:
    configuration = read(project, env="prod", sets=["environment=a", "environment=b", "account.wide=false"])
    assert (configuration.environment, configuration.account.wide) == ("b", False)


def test_set_can_replace_a_name_by_a_reference(project: Path) -> None:
    configuration = read(project, sets=["tables.sessions.name.ssm=/manga/sessions"])
    assert configuration.tables["sessions"].name.written.ssm == "/manga/sessions"


def test_set_adds_what_was_not_there_under_a_quoted_key(project: Path) -> None:
    assert read(project, sets=['tags."cost center=1"=42x']).tags == {"cost center=1": "42x"}


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("alarms.query_p99=1", "alarms.query_p99 is not a key; did you mean query_p99_ms?"),
        ("alarms.query_p99_ms=fast", "alarms.query_p99_ms must be a number, not text"),
        ("account=3", "account must be a table, not a whole number"),
        ("account.wide.deep=1", "account.wide must be true or false, not a table"),
        ("application", "has no ="),
        ("=3", "'' is not a key path"),
        ("a..b=3", "'a..b' is not a key path"),
        ("my key=3", "'my key' is not a key path"),
        ("# x=3", "is not a key path"),
        ("logs.retention_days=2", "the nearest is 1"),
        ("env.prod.application=x", "env is not a key"),
    ],
)
def test_a_bad_set_is_named_by_its_argument(project: Path, argument: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read(project, sets=[argument])
    assert words in str(raised.value)
    assert raised.value.place is not None
    assert raised.value.place.file == f"--set {argument}"


def test_the_fault_is_blamed_on_the_set_that_made_it_and_others_on_the_file(tmp_path: Path) -> None:
    (tmp_path / "mangaobs.toml").write_text('application = "A"\n[logs]\nretention_days = 30\n')
    with pytest.raises(ManyErrors) as raised:
        read_configuration(tmp_path, sets=["logs.retention_days=29", "account.wide=1"])
    files = [error.place.file for error in raised.value.errors if error.place]
    assert files == [str(tmp_path / "mangaobs.toml"), "--set logs.retention_days=29", "--set account.wide=1"]


def test_a_threshold_that_nothing_reads_is_refused_even_if_the_type_would_let_it_pass(tmp_path: Path) -> None:
    class Lenient(msgspec.Struct):
        latency_ms: float = 25

    (tmp_path / "mangaobs.toml").write_text('application = "a"\n[alarms]\nlatency = 3\n')
    with pytest.raises(ConfigurationError, match=r"toml:3:1: alarms.latency is not a key; did you mean latency_ms\?"):
        read_configuration(tmp_path, thresholds=Lenient)


# Several test processes share few cores: how long a draw takes says nothing.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

TABLES = st.recursive(
    st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2),
    lambda below: st.dictionaries(st.text("abc", min_size=1, max_size=2), below, max_size=3),
)
DOCUMENTS = st.dictionaries(st.text("abc", min_size=1, max_size=2), TABLES, max_size=4)


@unhurried
@given(DOCUMENTS)
def test_merging_nothing_or_itself_changes_nothing(document: dict[str, Any]) -> None:
    assert merge(document, {}) == merge({}, document) == merge(document, document) == document


@unhurried
@given(DOCUMENTS, DOCUMENTS, DOCUMENTS)
def test_every_value_of_the_upper_document_holds_and_the_lower_ones_are_left_alone(
    base: dict[str, Any], middle: dict[str, Any], over: dict[str, Any]
) -> None:
    before = json.dumps([base, middle, over])
    merged = merge(merge(base, middle), over)
    assert merge(merged, over) == merged
    assert set(merged) == {*base, *middle, *over}
    for key, value in over.items():
        if not isinstance(value, dict):
            assert merged[key] == value
    assert json.dumps([base, middle, over]) == before


@unhurried
@given(
    st.lists(st.text(min_size=1, max_size=4).filter(lambda key: "\x7f" not in key), min_size=1, max_size=4),
    st.integers(-(2**60), 2**60) | st.booleans() | st.text("ab\"'\\=.", max_size=5),
)
def test_any_key_path_and_value_can_be_set_when_they_are_quoted(path: list[str], value: object) -> None:
    argument = ".".join(json.dumps(key) for key in path) + "=" + json.dumps(value)
    expected: Any = value
    for key in reversed(path):
        expected = {key: expected}
    if any(ord(character) >= 0xD800 or ord(character) > 0xFFFF for key in path for character in key):
        return  # JSON writes these as two escapes, which TOML does not take
    assert parse_set(argument) == expected


@unhurried
@given(st.text(max_size=20))
def test_no_argument_of_any_kind_makes_a_traceback(argument: str) -> None:
    with contextlib.suppress(ConfigurationError):
        parse_set(argument)
