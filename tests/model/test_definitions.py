"""What a person writes: a wrong value fails on its own line, with the field's name and what would be right."""

from __future__ import annotations

import inspect
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaobs.errors import DefinitionError
from mangaobs.model import pattern as p
from mangaobs.model._flatten import flatten
from mangaobs.model.alarm import (
    BREACHING,
    IGNORE,
    NOT_BREACHING,
    Alarm,
    CompositeAlarm,
    Severity,
    all_of,
    any_of,
    children,
    none_of,
    warning,
)
from mangaobs.model.metric import MINUTE, MINUTES, Math, Metric, MetricStat, identity, math, signal_metric
from mangaobs.model.query import InsightRule, QueryParameter, RuleFilter, SavedQuery
from mangaobs.model.runbook import Runbook
from mangaobs.model.scaling import TargetTracking
from mangaobs.model.trail import EventRule, MetricFilter
from mangaobs.model.value import REGION, Import, Parameter, Pseudo, Text, arn, shown, text
from mangaobs.signals import MetricSignal

ERRORS = Metric("AWS/Lambda", "Errors", (("FunctionName", "message"),), unit="Count")
CAPACITY = Metric("AWS/DynamoDB", "ProvisionedReadCapacityUnits", native_period=300, percentiles=False)
TEXTS = {"runbook": "r", "summary": "Something is wrong here."}


def alarm(**changes) -> Alarm:
    defaults = {"name": "errors", "condition": ERRORS.sum(MINUTE) > 0, "severity": Severity.CRITICAL, **TEXTS}
    return Alarm(**(defaults | changes))


def query(**changes) -> SavedQuery:
    return SavedQuery(
        **({"name": "q", "text": "fields a", "summary": "Finds what is sought.", "log_groups": ("g",)} | changes)
    )


def rule(**changes) -> InsightRule:
    return InsightRule(
        **({"name": "r", "summary": "Who does it most.", "log_groups": ("g",), "keys": ("$.a",)} | changes)
    )


def metric_filter(**changes) -> MetricFilter:
    defaults = {
        "name": "scan",
        "summary": "Somebody scans it.",
        "log_group": "trail",
        "pattern": p.equal("$.eventName", "Scan"),
        "namespace": "Ours",
        "metric_name": "Scan",
    }
    return MetricFilter(**(defaults | changes))


def scaling(**changes) -> TargetTracking:
    return TargetTracking(**({"name": "s", "table": "t", "units": "Read", "minimum": 1, "maximum": 9} | changes))


WRONG = [
    (lambda: ERRORS.sum(45), "period 45 s", "multiple of 60"),
    (lambda: ERRORS.sum(0), "period 0 s", "multiple of 60"),
    (lambda: ERRORS.statistic("Mean"), "statistic 'Mean'", "p99"),
    (lambda: ERRORS.statistic("p101"), "statistic 'p101'", "p99"),
    (lambda: CAPACITY.average(MINUTE), "finer than what AWS publishes", "300 s"),
    (lambda: CAPACITY.p99(5 * MINUTES), "p99 is not published", "Average"),
    (lambda: math("a / b", a=ERRORS.sum()), "uses 'b'", "pass b="),
    (lambda: math("a", a=ERRORS.sum(), b=ERRORS.sum()), "does not use 'b'", "leave it out"),
    (lambda: math("Aa + 1", Aa=ERRORS.sum()), "id 'Aa'", "lower-case"),
    (lambda: math("result", result=ERRORS.sum()), "is taken", "another"),
    (lambda: math("", a=ERRORS.sum()), "0 characters", "2,048"),
    (lambda: ERRORS.sum().colored("red"), "color is 'red'", "#rrggbb"),
    (lambda: Metric("Ours", "Fine", native_period=10).sum(10).above_band(), "too fine", "60 s"),
    (lambda: ERRORS.sum().above_band(0), "0 standard deviations", "above 0"),
    (lambda: alarm(name="no spaces please"), "is not one", "letters, digits"),
    (lambda: alarm(name="9lives"), "is not one", "letter first"),
    (lambda: alarm(summary="short"), "summary has 5", "10 to 300"),
    (lambda: alarm(for_=0), "for_ is 0", "1 or more"),
    (lambda: alarm(for_=1.5), "for_ is 1.5", "whole number"),
    (lambda: alarm(summary=None), "summary is None", "one sentence"),
    (lambda: alarm(evaluate_low_samples=False), "percentile", "leave it out"),
    (lambda: ERRORS.sum() > "abc", "threshold is 'abc'", "finite number"),
    (lambda: ERRORS.sum() > float("inf"), "threshold is inf", "finite number"),
    (lambda: 1 < ERRORS.sum() < 5, "known to CloudWatch alone", "one comparison"),
    (lambda: metric_filter(unit="Bogus"), "unit is 'Bogus'", "Count"),
    (lambda: metric_filter(value="hello"), "value is 'hello'", "$.duration_ms"),
    (lambda: scaling(units="Reed"), "units is 'Reed'", "Read, Write"),
    (lambda: RuleFilter("$.a", "Bogus", ("x",)), "test is 'Bogus'", "IsPresent"),
    (lambda: alarm(for_=3, out_of=2), "out_of is 2, less than for_=3", "3 or more"),
    (lambda: alarm(for_=1441), "looks back 86460 s", "86400"),
    (lambda: alarm(severity="critical"), "severity is 'critical'", "Severity.CRITICAL"),
    (lambda: alarm(missing="ignore"), "missing is 'ignore'", "IGNORE"),
    (lambda: alarm(condition=ERRORS.sum()), "condition is", "compare"),
    (
        lambda: alarm(condition=math("a + b", a=ERRORS.sum(60), b=ERRORS.sum(300)) > 1),
        "mixes periods of [60, 300] s",
        "one period",
    ),
    (
        lambda: alarm(
            condition=math("+".join(f"m{n}" for n in range(11)), **{f"m{n}": ERRORS.sum() for n in range(11)}) > 1
        ),
        "11 metrics",
        "at most 10",
    ),
    (lambda: alarm(condition=math("SEARCH('x', 'Sum')") > 1), "uses SEARCH", "name the metrics"),
    (any_of, "is empty", "at least one"),
    (lambda: any_of("errors"), "holds 'errors'", "any_of"),
    (lambda: CompositeAlarm(name="c", rule=alarm(), severity=Severity.INFO, **TEXTS), "rule is", "any_of"),
    (
        lambda: CompositeAlarm(name="c", rule=any_of(alarm()), severity=Severity.INFO, wait=-1, **TEXTS),
        "wait",
        "AWS advises 60",
    ),
    (lambda: query(text=""), "0 characters", "10,000"),
    (lambda: query(log_groups=()), "log_groups has 0", "1 to 50"),
    (lambda: query(text="filter a = {{id}}"), "uses {{id}}", "QueryParameter"),
    (lambda: query(parameters=(QueryParameter("id", "x"),)), "declares 'id'", "leave it out"),
    (lambda: QueryParameter("id", 5), "5 is no string", "a string"),
    (lambda: QueryParameter("n", True, type="integer"), "True is no integer", "a integer"),
    (lambda: QueryParameter("a-b", "x"), "name", "letter or _"),
    (lambda: rule(keys=()), "keys has 0", "1 to 4"),
    (lambda: rule(keys=("session",)), "not a JSON path", "$.session"),
    (lambda: rule(filters=(RuleFilter("$.a", "In", ("b",)),) * 5), "filters has 5", "at most 4"),
    (lambda: RuleFilter("$.a", "In", ()), "In is ()", "1 to 10"),
    (lambda: RuleFilter("$.a", "GreaterThan", ("1",)), "GreaterThan", "a number"),
    (lambda: RuleFilter("$.a", "IsPresent", 1.0), "IsPresent", "True or False"),
    (lambda: p.equal("eventName", "x"), "selector 'eventName'", "$.userIdentity.type"),
    (p.all_of, "parts", "at least one"),
    (lambda: metric_filter(namespace="AWS/DynamoDB"), "AWS's own", "yours"),
    (lambda: metric_filter(metric_name="a:b"), "metric_name is 'a:b'", "without"),
    (lambda: metric_filter(default_value=0, dimensions=(("A", "$.a"),)), "together with dimensions", "one of the two"),
    (lambda: metric_filter(pattern=p.equal("$.eventName", *("x" * 40 for _ in range(30)))), "characters", "1,024"),
    (lambda: metric_filter(dimensions=(("A", "$.a"),)).metric(), "only the logs know", "drop"),
    (lambda: scaling(minimum=9, maximum=1), "minimum is 9", "no more than"),
    (lambda: scaling(target=95), "95 percent", "20 to 90"),
    (lambda: Parameter("Not-One"), "letters and digits", "SessionsTable"),
    (
        lambda: EventRule(
            name="e", summary="Something happens.", severity=Severity.INFO, runbook="r", pattern={"sourc": []}
        ),
        "'sourc'",
        "source",
    ),
    (
        lambda: EventRule(
            name="e", summary="Something happens.", severity=Severity.INFO, runbook="r", pattern={"source": [{1, 2}]}
        ),
        "pattern holds {1, 2}",
        "as JSON has them",
    ),
    (
        lambda: EventRule(name="e", summary="Something.", severity="critical", runbook="r", pattern={"source": ["a"]}),
        "severity is 'critical'",
        "Severity.CRITICAL",
    ),
    (lambda: signal_metric(MetricSignal("O", "X", "Count", ("A",))), "dimensions are none", "emitted with A"),
]


@pytest.mark.parametrize(("make", "problem", "right"), WRONG)
def test_a_wrong_value_fails_where_it_is_written(make, problem, right):
    with pytest.raises(DefinitionError) as raised:
        make()
    assert problem in raised.value.problem
    assert right in raised.value.right
    # and at the line of the definition: here, in this file
    place = raised.value.place
    assert place is not None
    assert place.file == __file__
    assert place.line > 0


def test_a_definition_knows_the_line_that_wrote_it():
    line = inspect.currentframe().f_lineno + 1
    made = warning("errors", ERRORS.sum(MINUTE) > 0, **TEXTS)
    assert (made.place.file, made.place.line) == (__file__, line)


@pytest.mark.parametrize(
    ("condition", "missing", "expected"),
    [
        (ERRORS.sum() > 0, None, NOT_BREACHING),
        (ERRORS.sum() < 1, None, BREACHING),  # a heartbeat that stops is the alarm
        (ERRORS.sum() <= 1, None, BREACHING),
        (ERRORS.sum().below_band(), None, NOT_BREACHING),
        (ERRORS.sum() < 1, IGNORE, IGNORE),
    ],
)
def test_periods_without_data_count_as_the_condition_suggests(condition, missing, expected):
    assert alarm(condition=condition, missing=missing).treat_missing_data is expected


def test_math_over_math_flattens_to_rows_with_ids_of_their_own():
    # given a ratio whose parts are sums of two functions each
    failed = math("a + b", a=ERRORS.sum(), b=ERRORS.maximum())
    ratio = math("100 * failed / IF(all > 0, all, failed)", failed=failed, all=ERRORS.sample_count())
    rows = flatten(ratio, "result")
    # then each operand stands once, under an id that no other has, and the expressions use those
    assert [(row.id, row.expression) for row in rows] == [
        ("failed_a", ""),
        ("failed_b", ""),
        ("failed", "failed_a + failed_b"),
        ("all", ""),
        ("result", "100 * failed / IF(all > 0, all, failed)"),
    ]


@given(depth=st.integers(0, 4), width=st.integers(1, 3))
def test_flattened_rows_use_only_ids_that_stand_above_them(depth, width):
    def nested(level: int) -> MetricStat | Math:
        if level == 0:
            return ERRORS.sum()
        names = [f"x{n}" for n in range(width)]
        return math(" + ".join(names), **{name: nested(level - 1) for name in names})

    seen: set[str] = set()
    for row in flatten(nested(depth), "out"):
        assert row.id not in seen
        assert set(re.findall(r"[a-z]\w*", row.expression)) <= seen
        seen.add(row.id)


def test_two_series_are_the_same_whatever_their_labels_and_colors():
    assert identity(ERRORS.sum().named("x").colored("#ffffff")) == identity(ERRORS.sum())
    assert identity(ERRORS.sum(60)) != identity(ERRORS.sum(120))


def test_a_composite_names_each_alarm_once():
    one, two = alarm(name="one"), alarm(name="two")
    assert [child.name for child in children(all_of(one, any_of(one, two), none_of(two)))] == ["one", "two"]


def test_patterns_keep_the_precedence_that_was_built():
    source = p.equal("$.eventSource", "dynamodb.amazonaws.com")
    built = p.all_of(source, p.equal("$.eventName", "A", "B"), p.any_of(p.absent("$.x"), p.unequal("$.x", "y")))
    assert str(built) == (
        '{ $.eventSource = "dynamodb.amazonaws.com" && ($.eventName = "A" || $.eventName = "B") '
        '&& ($.x NOT EXISTS || $.x != "y") }'
    )


def test_a_quote_in_a_pattern_is_escaped():
    assert str(p.equal("$.a", 'say "x"')) == '{ $.a = "say \\"x\\"" }'


def test_values_join_to_text_and_show_as_a_person_reads_them():
    table = Parameter("Table", "sessions")
    assert text("a", "", "b") == "ab"
    assert text("a") == "a"
    assert text() == ""
    assert text(table) is table
    assert text("x-", text("y-", table)) == Text(("x-y-", table))
    assert shown(arn("dynamodb", text("table/", table))) == (
        "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/sessions"
    )
    assert shown(Import("other")) == "${import other}"
    assert shown(REGION) == shown(Pseudo("AWS::Region")) == "${AWS::Region}"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("no head", "no head"),
        ("---\ntitle: A\n", "no head"),
        ("---\ntitle: A\n---\nbody", "no summary"),
        ("---\ntitle: A\nsummary: B\nowner: me\n---\n", "'owner: me'"),
        ("---\ntitle:\nsummary: B\n---\n", "'title:'"),
    ],
)
def test_a_runbook_without_a_proper_head_is_refused(source, words):
    with pytest.raises(DefinitionError) as raised:
        Runbook.parse("r", source, "r.md")
    assert words in str(raised.value)
    assert str(raised.value).startswith("r.md:")


def test_a_runbook_is_a_head_and_a_body():
    read = Runbook.parse("r", "---\ntitle: A\nsummary: B: c\n---\n\n## What\n", "r.md")
    assert (read.title, read.summary, read.body) == ("A", "B: c", "## What\n")
