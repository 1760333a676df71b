"""What the checker finds, where, and what it says would be right."""

from __future__ import annotations

import pytest

from mangaobs.languages.logs_insights import check

FIELDS = {"level", "event", "duration_ms", "consumed", "consumed.read", "items", "items.0.key"}


def found(text, fields=None):
    return [(one.severity, text[one.error.start : one.error.end], one.error.problem) for one in check(text, fields)]


@pytest.mark.parametrize(
    ("text", "token", "problem", "right"),
    [
        ("stats cuont(*)", "cuont", "there is no function 'cuont'", "did you mean count?"),
        ("fields abs()", "abs", "abs with 0 arguments", "1 argument"),
        ("fields if(a, 1)", "if", "if with 2 arguments", "3 arguments"),
        ("fields round(a, 1, 2)", "round", "round with 3 arguments", "1 to 2 arguments"),
        ("fields avg(a)", "avg", "avg outside of stats", "stats avg(a)"),
        ("stats a", "a", "a in stats is neither aggregated nor an alias of this stats", "for example max(a), or by a"),
        ("stats sum(avg(a))", "avg", "avg within sum", "a second stats"),
        ("stats pct(a, 200)", "200", "the percentile is no number from 0 to 100", "for example pct(duration, 99)"),
        ("stats topk(3, a) by b", "topk", "topk stands alone in its stats", "stats topk(3, field)"),
        ("stats count(*) as n by a | filter m > 1", "m", "the stats before does not give m", "one of a, n"),
        ("stats count(*) as nn by a | filter n > 1", "n", "the stats before does not give n", "did you mean nn?"),
        ("stats sum(a) as s by b | stats max(c)", "c", "the stats before does not give c", "one of b, s"),
        ("stats sum(a) as s by @logStream | stats avg(s) by bin(5m)", "bin",
         "bin reads @timestamp, which the stats before does not give",
         "max(@timestamp) as t there, datefloor(t, …) here"),
        ("stats sum(x) as x", "x", "x is the alias of what is made of x", "another alias"),
        ("fields f | fields abs(f) as f | stats count(*) by f", "f",
         "f was listed and then defined again, which stats does not take",
         "another alias for the expression at offset 18"),
        ("fields s | stats sum(a) as s by b | stats max(s)", "s",
         "the alias s of the stats before is also a field that was listed", "another alias there"),
        ("stats count(*) as n by a | fields n", "n", "fields after stats cannot list n again",
         "display, or a new name for an expression"),
        ("sort a | stats count(*) as n by a | stats max(n)", "sort ", "sort before the last stats", "sort after it"),
        ("limit 0", "limit 0", "a limit of 0", "1 to 100,000"),
        ("limit 200000", "limit 200000", "a limit of 200,000", "1 to 100,000"),
        ("dedup a | fields b", "field", "only limit may follow dedup", "sort and filter before dedup"),
        ("parse 'a*b*' as x", "'a*b*'", "2 * and 1 names", "as many names as *"),
        ("parse @message /a(b)c/", "/a(b)c/", "this pattern makes no field", "a group with a name: (?<name>…)"),
        ("parse @message /(a)(b)/ as x", "/(a)(b)/", "2 groups and 1 names", "as many"),
        ("filter bin(x) = 1", "x", "bin needs a period", "for example bin(5m)"),
        ("filter a = 5m", "5m", "the period 5m stands alone", "bin(5m), datefloor(field, 5m)"),
        ("filter a = {{level}}", "{{level}}", "the parameter level has no value", "--param level=…"),
        ("filterIndex a like 'x'", "a like 'x'", "filterIndex takes = and in alone", "filter"),
        ("fields jsonParse(a) as m | sort m", "m", "m is a map or a list, which sort does not take",
         "a value in it, for example m.name"),
        ("filter a in []", "a in []", "an empty list", "values between [ and ]"),
        ("filter c = 1 and levle = 'x'", "levle", "no log line has the field levle", "did you mean level?"),
    ],
)  # fmt: skip
def test_an_error(text, token, problem, right):
    known = {*FIELDS, "c"} if "levle" in text else None
    errors = [one.error for one in check(text, known) if one.severity == "error"]
    assert [(text[one.start : one.end], one.problem, one.right) for one in errors] == [(token, problem, right)]


@pytest.mark.parametrize(
    ("text", "token", "problem", "right"),
    [
        ("stats count(*) by bin(300s)", "300s", "CloudWatch makes 60s of 300s", "5m"),
        ("stats count(*) by bin(90m)", "90m", "CloudWatch makes 60m of 90m", "a larger unit than m"),
        ("filter a like '%x%'", "'%x%'", "% is no wildcard of like: it stands for itself",
         "the text alone, or /a regular expression/"),
        ("fields @logstream", "@logstream", "CloudWatch gives no event @logstream", "did you mean @logStream?"),
        ("filter a == 1", "==", "== runs, and is in no documentation of AWS", "="),
        ("stats count(*) by bin(5m) | sort @timestamp", "@timestamp", "the stats before does not give @timestamp",
         "did you mean bin(5m)?"),
    ],
)  # fmt: skip
def test_a_warning(text, token, problem, right):
    (one,) = check(text)
    assert one.severity == "warning"
    assert (text[one.error.start : one.error.end], one.error.problem, one.error.right) == (token, problem, right)


@pytest.mark.parametrize(
    "text",
    [
        "filter level = 'x' | stats count(*) as n, avg(duration_ms) by bin(5m), event | sort n desc | limit 20",
        "stats max(a) as most, min(a) as least_, most - least_ as spread by b",
        "stats sum(Fault) by Operation | filter `SUM(Fault)` > 1 | sort sum(Fault) desc",
        "fields expr.a as f | stats count(*) by f",
        "fields jsonParse(a) as m | filter m.x = 1 | stats count(*) by m.x",
        "parse @message /(?<@ms>\\d+)/ | stats avg(@ms)",
        "filter ispresent(consumed) and items.3.key = 'x' and consumed.read > 1",
        "join type=left left=a right=b where a.x = b.x (SOURCE 'g') | fields a.x, b.y",
        "pattern @message",
        "filter x > 1 | anomaly",
        "stats count(*) by bin(5m) offset 1h",
        "fields @`aws.tag.team`, @entity.Attributes.x, @aws.region",
        "filter userId in (filter level = 'ERROR' | fields userId)",
    ],
)
def test_what_is_fine_is_found_fine(text):
    assert [one for one in found(text) if one[0] == "error"] == []


def test_fields_are_held_against_a_schema_lists_by_their_elements():
    assert found("filter consumed.read > 1 and items.7.key = 'x' and ispresent(items)", FIELDS) == []
    assert found("fields a.b as c | filter c = 1", FIELDS) == [("error", "a.b", "no log line has the field a.b")]
    assert found("parse @message 'x*' as y | filter y = 1", FIELDS) == []


def test_what_can_be_read_is_checked_beside_what_cannot():
    assert [problem for _, _, problem in found("fields a, | stats cuont(*)")] == [
        "| cannot stand here",
        "there is no function 'cuont'",
    ]


def test_more_than_ten_stats_and_a_second_join():
    assert "more than 10 stats" in found(" | ".join(["stats count(*) as n by n"] * 11))[-1][2]
    join = "join left=a right=b where a.x=b.x (SOURCE 'g')"
    assert [problem for _, _, problem in found(f"{join} | {join}")] == ["a second join"]
