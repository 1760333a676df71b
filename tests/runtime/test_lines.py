"""A log line: what it looks like, which levels are written, and what is done about wrong settings."""

from __future__ import annotations

import enum
import re

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaobs.errors import ConfigurationError, MangaobsError
from mangaobs.runtime import (
    bind,
    configure,
    log_debug,
    log_error,
    log_event,
    log_info,
    log_operation,
    log_step,
    log_warning,
    observe,
    session_hash,
    summarize,
)
from mangaobs.runtime._telemetry import RESERVED
from mangaobs.signals import Field, LogEvent

from .conftest import FUNCTION, TRACE, LambdaContext, configured, parsed

NAMES = sorted(RESERVED)


# --- the shape of a line ---


def test_a_line_is_one_json_object_that_ends_in_one_newline(lines):
    log_info(
        "turn_loaded", item_count=17, text='two\nlines, a "quote", a \\ and é 漫画 🎌', flag=True, none=None, part=0.5
    )

    (raw,) = lines
    assert raw.count(b"\n") == 1
    assert raw.endswith(b"}\n")
    line = parsed(raw)
    assert line.pop("timestamp")
    assert line == {
        "level": "INFO",
        "event": "turn_loaded",
        "function": FUNCTION,
        "item_count": 17,
        "text": 'two\nlines, a "quote", a \\ and é 漫画 🎌',
        "flag": True,
        "none": None,
        "part": 0.5,
    }


def test_a_line_without_fields_is_a_line(lines):
    log_info("started")
    assert lines.only["event"] == "started"


def test_a_line_without_an_event_is_a_line(lines):
    log_info(message="hello")
    assert lines.only["event"] == "log"
    assert lines.only["message"] == "hello"


@pytest.mark.parametrize(
    ("now", "written"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1767225599.9994, "2025-12-31T23:59:59.999Z"),
        (1767225599.9999, "2025-12-31T23:59:59.999Z"),
        (1767225600, "2026-01-01T00:00:00.000Z"),
        (1767225600.001953125, "2026-01-01T00:00:00.001Z"),
        (1709164800.5, "2024-02-29T00:00:00.500Z"),
        (4102444799.75, "2099-12-31T23:59:59.750Z"),
    ],
)
def test_the_timestamp_is_rfc_3339_in_utc_with_milliseconds(now, written):
    lines = configured(clock=lambda: now)
    log_info("first", a=1)
    log_info("first", a=1)  # the second line of an event takes another way
    assert [line["timestamp"] for line in lines.all] == [written] * 2


def test_the_local_time_zone_does_not_matter(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    try:
        lines = configured(clock=lambda: 1767225600.25)
        log_info("x", a=1)
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    assert lines.only["timestamp"] == "2026-01-01T00:00:00.250Z"


def test_a_clock_that_goes_over_a_second_and_back_is_followed():
    moments = [1767225599.9985, 1767225599.9995, 1767225600.0, 1767225600.5, 1767225599.9985]
    ticks = iter(moments)
    lines = configured(clock=lambda: next(ticks))
    for _ in moments:
        log_info("tick", n=1)
    assert [line["timestamp"][17:23] for line in lines.all] == ["59.998", "59.999", "00.000", "00.500", "59.998"]


@settings(deadline=None, max_examples=200)
@given(st.floats(0, 4e9))
def test_every_timestamp_is_the_moment_cut_to_milliseconds(now):
    from datetime import datetime

    lines = configured(clock=lambda: now)
    log_info("x", a=1)
    stamp = lines.only["timestamp"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp)
    assert 0 <= now - datetime.fromisoformat(stamp).timestamp() < 0.0011


def test_lines_are_the_same_in_lambdas_text_and_json_formats():
    written = []
    for log_format in ("Text", "JSON"):
        environ = {"AWS_LAMBDA_FUNCTION_NAME": FUNCTION, "AWS_LAMBDA_LOG_FORMAT": log_format}
        lines = configured(clock=lambda: 1767225600, environ=environ)
        log_info("x", a=1, b="two")
        log_error("y", error=ValueError())
        written.append(list(lines))
    assert written[0] == written[1]


def test_the_version_is_on_every_line_if_lambda_tells_it():
    lines = configured(environ={"AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST"})
    log_info("x", a=1)
    assert lines.only["function"] == "f"
    assert lines.only["function_version"] == "$LATEST"


# --- levels ---


def write_all_levels():
    log_debug("line", a=1)
    log_info("line", a=1)
    log_warning("line", a=1)
    log_error("line", a=1)


def test_levels_have_lambdas_own_names():
    lines = configured(level="DEBUG")
    write_all_levels()
    assert [line["level"] for line in lines.all] == ["DEBUG", "INFO", "WARN", "ERROR"]


@pytest.mark.parametrize(
    ("platform", "ours", "written"),
    [
        ("", "", ["INFO", "WARN", "ERROR"]),
        ("", "DEBUG", ["DEBUG", "INFO", "WARN", "ERROR"]),
        ("", "WARN", ["WARN", "ERROR"]),
        ("", "WARNING", ["WARN", "ERROR"]),
        ("", " error ", ["ERROR"]),
        ("", "FATAL", []),
        ("", "CRITICAL", []),
        ("WARN", "", ["WARN", "ERROR"]),
        ("DEBUG", "", ["DEBUG", "INFO", "WARN", "ERROR"]),
        ("TRACE", "", ["DEBUG", "INFO", "WARN", "ERROR"]),
        ("DEBUG", "ERROR", ["ERROR"]),  # ours may write less than Lambda lets through
        ("ERROR", "DEBUG", ["ERROR"]),  # but not more: Lambda would drop it
        ("INFO", "INFO", ["INFO", "WARN", "ERROR"]),
    ],
)
def test_both_levels_are_honored(platform, ours, written):
    environ = {"AWS_LAMBDA_LOG_LEVEL": platform, "MANGAOBS_LOG_LEVEL": ours, "AWS_LAMBDA_LOG_FORMAT": "JSON"}
    lines = configured(environ={name: value for name, value in environ.items() if value})
    write_all_levels()
    assert [line["level"] for line in lines.all] == written

    # and the same within an invocation
    lines.clear()
    observe(lambda _event, _context: write_all_levels())({}, None)
    assert [line["level"] for line in lines.all if line["event"] == "line"] == written


def test_the_argument_goes_before_the_variable():
    lines = configured(level="ERROR", environ={"MANGAOBS_LOG_LEVEL": "DEBUG"})
    write_all_levels()
    assert [line["level"] for line in lines.all] == ["ERROR"]


def test_the_environment_is_read_at_the_first_line_without_configure(monkeypatch, capfd):
    # given nobody calls configure
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "by-environment")
    monkeypatch.setenv("MANGAOBS_LOG_LEVEL", "WARN")

    log_debug("line", a=1)
    log_info("line", a=1)
    log_warning("line", a=1)

    (line,) = capfd.readouterr().out.encode().splitlines(keepends=True)
    assert parsed(line)["function"] == "by-environment"
    assert parsed(line)["level"] == "WARN"


# --- the event and the fields ---


def test_the_event_may_be_given_by_name(lines):
    log_info(event="turn_loaded", item_count=1)
    log_info(event="turn_loaded")
    assert [line["event"] for line in lines.all] == ["turn_loaded"] * 2
    assert "event_" not in lines.text


def test_fields_may_be_a_dict(lines):
    given_fields = {"item-count": 1, "a": 1}
    log_info("turn_loaded", given_fields, b=2)
    assert lines.only["item-count"] == 1
    assert (lines.only["a"], lines.only["b"]) == (1, 2)
    assert given_fields == {"item-count": 1, "a": 1}


def test_a_keyword_wins_over_the_dict(lines):
    log_info("turn_loaded", {"a": 1}, a=2)
    assert lines.only["a"] == 2


@pytest.mark.parametrize("write", [log_debug, log_info, log_warning, log_error])
def test_what_the_caller_gave_is_not_changed(write):
    configured(level="DEBUG")
    given_fields = {"level": 1, "event": "x", "error": ValueError(), "nested": {"password": "p"}}
    before = {**given_fields, "nested": dict(given_fields["nested"])}
    write("", given_fields)
    assert given_fields == before


@pytest.mark.parametrize("name", NAMES)
def test_a_reserved_name_given_as_a_field_keeps_its_value_under_another_name(lines, name):
    log_info("x", {name: "mine", "other": 1})
    log_info("x", {name: "mine", name + "_": "too"})

    first, second = lines.all
    assert first[name + "_"] == "mine"
    assert first["other"] == 1
    assert {"mine", "too"} <= set(second.values())
    assert first["level"] == "INFO"
    assert first["event"] == "x"
    assert first["function"] == FUNCTION


@pytest.mark.parametrize("name", NAMES)
def test_the_same_within_an_invocation(name, context):
    lines = configured(environ={"_X_AMZN_TRACE_ID": TRACE, "AWS_LAMBDA_FUNCTION_VERSION": "1"})

    @observe
    def handler(event, context):
        log_info("x", {name: "mine", "other": 1})

    handler({}, context)
    line = lines.of("x")[0]
    assert line[name + "_"] == "mine"
    assert line["request_id"] == context.aws_request_id
    assert line["trace_id"] == "1-5759e988-bd862e3fe1be46a994272793"


def test_a_bound_name_given_as_a_field_has_the_lines_own_value(lines, context):
    @observe
    def handler(event, context):
        bind(step="outer", stage="one")
        log_info("x", step="inner")
        log_info("x", a=1)

    handler({}, context)
    assert [(line["step"], line["stage"]) for line in lines.of("x")] == [("inner", "one"), ("outer", "one")]


class Word(enum.Enum):
    LEVEL = "level"


class Named:
    def __str__(self):
        return "function"


@pytest.mark.parametrize("key", [("level",), Word.LEVEL, Named(), ("timestamp",)], ids=str)
def test_a_key_that_only_becomes_a_reserved_name_is_not_there_twice(lines, key):
    log_info("x", {key: "mine"})
    assert "mine" in lines.only.values()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("within", [True, False], ids=["invocation", "no invocation"])
def test_an_operations_own_fields_may_be_called_anything(lines, name, within):
    @log_step("Load", **{name: "mine"})
    def load():
        pass

    (observe(lambda _event, _context: load()) if within else lambda *_: load())({}, None)
    line = lines.of("step")[0]
    assert "mine" in line.values()
    assert line["operation"] == "Load"


@pytest.mark.parametrize("name", ["duration_ms", "status", "level", "function", "request_id", "truncated"])
@pytest.mark.parametrize("derived", [True, False], ids=["derived", "static"])
@pytest.mark.parametrize("within", [True, False], ids=["invocation", "no invocation"])
def test_an_operations_field_with_a_measured_name_loses_neither_value(lines, name, derived, within):
    @log_operation("payment", "Pay", **{name: (lambda _: "mine") if derived else "mine"})
    def pay():
        pass

    (observe(lambda _event, _context: pay()) if within else lambda *_: pay())({}, LambdaContext())
    line = lines.of("payment")[0]
    assert "mine" in line.values()
    assert line["level"] == "INFO"
    assert isinstance(line["duration_ms"], float)
    assert line["status"] == "success"


@pytest.mark.parametrize("name", [*NAMES, "cold_start", "session"])
def test_the_summary_line_has_no_name_twice(lines, context, name):
    @observe
    def handler(event, context):
        summarize(**{name: "mine"})

    handler({}, context)
    assert "mine" in lines.of("invocation")[0].values()


# --- declared events ---


def test_a_declared_event_is_written_at_its_declared_level():
    lines = configured()
    log_event(LogEvent("turn_lost", Field("turn_count", "number"), level="ERROR"), turn_count=3)
    log_event(LogEvent("turn_found"), turn_count=4)
    first, second = lines.all
    assert (first["event"], first["level"], first["turn_count"]) == ("turn_lost", "ERROR", 3)
    assert (second["event"], second["level"]) == ("turn_found", "INFO")


def test_a_declared_event_below_the_level_is_not_written():
    lines = configured(level="ERROR")
    log_event(LogEvent("turn_lost", level="WARN"))
    assert lines == []


# --- errors ---


def client_error(message: str) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": "ConditionalCheckFailedException", "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": 400, "RetryAttempts": 2, "RequestId": "R"},
            "Item": {"note": message},
        },
        "PutItem",
    )


def test_an_error_is_its_type_and_its_places_but_never_its_message(lines):
    def load_turns():
        raise KeyError("what a person wrote")

    try:
        load_turns()
    except KeyError as error:
        log_error("load_failed", error=error, turn="t-1")

    line = lines.only
    assert line["error_type"] == "KeyError"
    assert re.fullmatch(r"test_lines\.py:\d+ test_an_error_\w+ > test_lines\.py:\d+ load_turns", line["stack"])
    assert line["turn"] == "t-1"
    assert line["level"] == "ERROR"
    assert "what a person wrote" not in lines.text
    assert "error" not in line


def test_an_aws_error_is_its_code_status_and_retries(lines):
    log_error("write_failed", error=client_error("what a person wrote"))
    line = lines.only
    assert line["error_type"] == "ConditionalCheckFailedException"
    assert (line["http_status"], line["retries"]) == (400, 2)
    assert "what a person wrote" not in lines.text


def test_what_the_caller_says_of_an_error_wins(lines):
    log_error("failed", error=ValueError(), error_type="TurnLost")
    assert lines.only["error_type"] == "TurnLost"


def test_an_error_that_is_no_exception_stays_as_it_is(lines):
    log_error("failed", error="turn lost")
    assert lines.only["error"] == "turn lost"


def test_a_message_stays_out_wherever_the_exception_is_given(lines):
    problem = client_error("what a person wrote")
    log_info("x", problem=problem, nested=[{"deep": problem}])
    log_warning("x", {"error": problem})
    log_error("x", {"error": problem})
    assert "what a person wrote" not in lines.text
    assert lines.all[2]["error_type"] == "ConditionalCheckFailedException"


# --- settings that are wrong ---


WRONG = {
    "MANGAOBS_LOG_LEVEL": "LOUD",
    "MANGAOBS_DEBUG_SAMPLE": "150%",
    "MANGAOBS_DEBUG_HOLD_BYTES": "64k",
    "MANGAOBS_DEADLINE_MARGIN_MS": "-1",
    "MANGAOBS_REDACTION": "maybe",
    "MANGAOBS_TRACER": "jaeger",
    "MANGAOBS_JSON": "yaml",
    "MANGAOBS_DIMENSIONS": "Stage",
}


RIGHT = {
    "MANGAOBS_LOG_LEVEL": "TRACE, DEBUG, INFO, WARN, ERROR, FATAL",
    "MANGAOBS_DEBUG_SAMPLE": "from 0 to 1",
    "MANGAOBS_DEBUG_HOLD_BYTES": "a whole number",
    "MANGAOBS_DEADLINE_MARGIN_MS": "0 or more",
    "MANGAOBS_REDACTION": "on, off, allow-list",
    "MANGAOBS_TRACER": "xray-sdk, udp, off",
    "MANGAOBS_JSON": "auto, stdlib, orjson",
    "MANGAOBS_DIMENSIONS": "Environment=prod",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_variable_is_named_once_with_what_would_be_right_and_nothing_fails(name):
    lines = configured(environ={name: WRONG[name]}, deadline_margin_ms=None, tracer=None)
    log_info("x", a=1)
    observe(lambda _event, _context: log_info("x", a=1))({}, LambdaContext())

    problems = lines.of("telemetry_problem")
    assert [name in problem["detail"] for problem in problems] == [True]
    assert problems[0]["level"] == "WARN"
    assert RIGHT[name] in problems[0]["detail"]
    assert WRONG[name] not in problems[0]["detail"]
    assert len(lines.of("x")) == 2


def test_several_wrong_variables_are_each_named():
    lines = configured(environ=WRONG, deadline_margin_ms=None, tracer=None)
    log_info("x", a=1)
    said = " ".join(problem["detail"] for problem in lines.of("telemetry_problem"))
    assert [name for name in WRONG if name not in said] == []


@pytest.mark.parametrize("value", ["nan", "inf", "-0.1", "1e400", "", "0,5"])
def test_a_share_that_is_none_is_passed_over(value):
    lines = configured(environ={"MANGAOBS_DEBUG_SAMPLE": value})
    observe(lambda _event, _context: log_debug("x", a=1))({}, None)
    assert lines.of("x") == []


def test_a_variable_alone_cannot_make_configure_fail():
    # given an allow-list is asked for, and no signals say what is on it
    lines = configured(environ={"MANGAOBS_REDACTION": "allow-list"})
    log_info("x", a=1)
    assert [line["event"] for line in lines.all] == ["telemetry_problem", "x"]


def test_a_variable_that_is_no_utf_8_fails_nothing():
    # given as Python reads an environment that is not UTF-8
    lines = configured(environ={"AWS_LAMBDA_FUNCTION_NAME": "manga\udcff"})
    log_info("x", a=1)
    assert lines.only["function"].startswith("manga")


@pytest.mark.parametrize(
    "arguments",
    [
        {"level": "LOUD"},
        {"level": ""},
        {"level": 20},
        {"debug_sample": 1.5},
        {"debug_sample": -0.1},
        {"debug_sample": float("nan")},
        {"debug_sample": "0.5"},
        {"debug_hold_bytes": -1},
        {"debug_hold_bytes": "64k"},
        {"deadline_margin_ms": -1},
        {"line_limit": 100},
        {"line_limit": 0},
        {"redaction": "maybe"},
        {"redaction": "allow-list"},
        {"tracer": "jaeger"},
        {"tracer": ""},
        {"json": "yaml"},
        {"session_key": "text, not bytes"},
        {"redact_keys": "one_name"},
    ],
    ids=str,
)
def test_a_wrong_argument_is_refused_where_it_is_made(arguments):
    with pytest.raises(ConfigurationError) as caught:
        configure(environ={}, write=lambda _line: None, **arguments)
    assert caught.value.right
    assert next(iter(arguments)) in str(caught.value)


def test_a_refused_argument_leaves_the_settings_as_they_were(lines):
    with pytest.raises(MangaobsError):
        configure(level="LOUD")
    log_info("x", a=1)
    assert lines.only["event"] == "x"


@pytest.mark.parametrize(
    "arguments",
    [
        {"level": "warning"},
        {"debug_sample": 0},
        {"debug_sample": 1},
        {"debug_hold_bytes": 0},
        {"deadline_margin_ms": 0},
        {"line_limit": 1024},
        {"json": "orjson"},
    ],
    ids=str,
)
def test_the_edges_of_what_can_be_are_taken(arguments):
    configure(environ={}, write=lambda _line: None, **arguments)


def test_a_session_hash_needs_no_more_than_a_key():
    configured()
    assert session_hash("s", b"key") == session_hash("s", b"key") != session_hash("s", b"other")
    assert session_hash("s") == ""
