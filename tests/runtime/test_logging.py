"""Python's own logging, taken over."""

from __future__ import annotations

import logging

import pytest

from mangaobs.errors import ConfigurationError
from mangaobs.runtime import observe, take_over_logging

from .conftest import LambdaContext


@pytest.fixture
def root():
    """The root logger, put back afterwards."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


class Hostile:
    def __str__(self):
        raise SystemExit

    __repr__ = __str__


def test_a_record_is_a_line_with_the_ids_of_the_invocation(lines, root):
    # given Lambda's handler on the root logger
    root.addHandler(logging.StreamHandler())
    take_over_logging("INFO")

    @observe
    def handler(event, context):
        logging.getLogger("library").info("loaded %d turns for %s", 3, "someone@example.com", extra={"shard": 7})

    handler({}, LambdaContext())
    # then there is one line, redacted, and no other handler
    line, _ = lines.all
    assert (line["event"], line["level"], line["logger"], line["shard"]) == ("log", "INFO", "library", 7)
    assert line["message"] == "loaded 3 turns for [EMAIL]"
    assert line["request_id"] == LambdaContext().aws_request_id
    assert len(root.handlers) == 1


def test_an_exception_is_its_type_and_its_places(lines, root):
    take_over_logging()
    try:
        raise KeyError("someone@example.com")
    except KeyError:
        logging.getLogger("library").exception("it failed")
    line = lines.only
    assert (line["level"], line["error_type"]) == ("ERROR", "KeyError")
    assert "test_an_exception_is_its_type_and_its_places" in line["stack"]
    assert "someone" not in lines.text


@pytest.mark.parametrize(
    "write",
    [
        lambda log: log.error("%s", Hostile()),
        lambda log: log.error("%d turns", "three"),
        lambda log: log.error(Hostile()),
        lambda log: log.error("x", extra={"event": Hostile()}),
        lambda log: log.error("x", extra={"timestamp": 1, "level": 2, "function": Hostile()}),
        lambda log: log.error("x", exc_info=(ValueError, None, None)),
    ],
)
def test_whatever_a_record_holds_the_call_goes_on(lines, root, write):
    take_over_logging()
    write(logging.getLogger("library"))
    assert lines.only["level"] == "ERROR"


@pytest.mark.parametrize(("number", "level"), [(1, "TRACE"), (10, "DEBUG"), (25, "INFO"), (30, "WARN"), (60, "FATAL")])
def test_levels_are_lambdas_own(lines, root, number, level, monkeypatch):
    from .conftest import configured

    lines = configured(level="TRACE")
    take_over_logging("TRACE")
    logger = logging.getLogger("library")
    monkeypatch.setattr(logger, "level", 1)
    logger.log(number, "x")
    assert lines.only["level"] == level


def test_what_prints_requests_is_kept_quiet(lines, root):
    take_over_logging("DEBUG")
    logging.getLogger("botocore.endpoint").debug("a request with its body")
    assert lines == []


def test_a_level_that_does_not_exist_is_refused(root):
    with pytest.raises(ConfigurationError, match="LOUD"):
        take_over_logging("LOUD")
