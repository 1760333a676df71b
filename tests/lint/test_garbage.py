"""Whatever a template holds, the linter answers: findings, or a sentence on what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mangaobs.errors import MangaobsError
from mangaobs.lint import every_rule, lint, text_of
from mangaobs.template import worlds

FILE = Path("template.json")

NAMES = st.sampled_from(["A", "B", "Table", "Topic", "AWS::Region", "AWS::NoValue", "Missing"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        ["AWS/Lambda", "Errors", "Sum", "p99", "{ $.a = 1 }", "${A}", "ALARM(A)", '{"widgets": []}', "{", "m1 / 0"]
    ),
)
FUNCTIONS = st.one_of(
    NAMES.map(lambda name: {"Ref": name}),
    NAMES.map(lambda name: {"Fn::GetAtt": [name, "Arn"]}),
    st.text(max_size=6).map(lambda text: {"Fn::Sub": "${A}" + text + "${B.Arn}"}),
)
VALUES = st.recursive(
    st.one_of(SCALARS, FUNCTIONS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=6), inner, max_size=3),
        inner.map(lambda value: {"Fn::If": ["C", value, {"Ref": "AWS::NoValue"}]}),
    ),
    max_leaves=6,
)
TYPES = sorted({type_ for rule in every_rule().values() for type_ in rule.types if type_ != "*"})
PROPERTIES = st.sampled_from(
    [
        "Namespace", "MetricName", "Dimensions", "Statistic", "Period", "Threshold", "Metrics", "AlarmRule",
        "AlarmActions", "DashboardBody", "QueryString", "FilterPattern", "MetricTransformations", "LogGroupName",
        "RuleBody", "PolicyDocument", "EventPattern", "AdvancedEventSelectors", "BillingMode", "TableName",
        "Policies", "Rule", "FilterExpression", "KmsMasterKeyId", "Topics", "MethodSettings", "Events", "Code",
        "Runtime", "Role", "EventSourceArn", "FunctionName", "AssumeRolePolicyDocument", "KeyPolicy",
        "GlobalSecondaryIndexes", "ContributorInsightsSpecification", "LogGroupNames",
    ]
)  # fmt: skip
RESOURCE = st.fixed_dictionaries(
    {"Type": st.sampled_from(TYPES), "Properties": st.dictionaries(PROPERTIES, VALUES, max_size=6)},
    optional={"Condition": st.just("C"), "Metadata": VALUES, "DependsOn": VALUES},
)
TEMPLATES = st.fixed_dictionaries(
    {"Resources": st.dictionaries(NAMES, RESOURCE, max_size=4)},
    optional={
        "Conditions": st.just({"C": {"Fn::Equals": [{"Ref": "P"}, "x"]}}),
        "Parameters": st.just({"P": {"Type": "String"}}),
        "Metadata": VALUES,
        "Outputs": VALUES,
    },
)


def answered(text: str) -> bool:
    try:
        for one in lint(worlds([FILE], texts={FILE: text})).findings:
            assert one.rule in every_rule()
            json.dumps([one.message, one.path, one.right])
    except MangaobsError:
        return False
    return True


@given(TEMPLATES)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_a_random_template_is_answered(template):
    assert answered(json.dumps(template))


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
@settings(max_examples=100)
def test_random_text_is_answered(text):
    answered(text)


@pytest.mark.parametrize("rule", [one.id for one in every_rule().values()])
def test_any_value_of_a_bad_template_may_be_anything(rule):
    """Each value of each rule's own template replaced by each of a few others."""
    import yaml

    document = yaml.safe_load(text_of(every_rule()[rule]).bad)
    places = list(_places(document))
    odd = [None, 7, "x", [], {}, [[]], {"Ref": "Missing"}, "${x}", True]
    for number, path in enumerate(places):
        changed = json.loads(json.dumps(document))
        _put(changed, path, odd[number % len(odd)])
        answered(json.dumps(changed))


def _places(value, path=()):
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from _places(one, (*path, key))


def _put(value, path, new):
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = new


def test_ten_megabytes_are_refused_in_a_sentence():
    text = json.dumps({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"x": "y" * 10_000_000}}}})

    with pytest.raises(MangaobsError, match="characters"):
        list(worlds([FILE], texts={FILE: text}))


def test_deep_nesting_is_refused_in_a_sentence():
    with pytest.raises(MangaobsError, match="nest"):
        list(worlds([FILE], texts={FILE: "[" * 5000 + "]" * 5000}))


def test_a_deep_body_and_a_deep_rule_are_answered():
    deep = "[" * 20_000 + "]" * 20_000
    resources = {
        "D": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": deep}},
        "C": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {"AlarmRule": "(" * 9000}},
        "R": {"Type": "AWS::CloudWatch::InsightRule", "Properties": {"RuleBody": deep}},
        "F": {"Type": "AWS::Logs::MetricFilter", "Properties": {"FilterPattern": "{" + "(" * 900}},
        "Q": {"Type": "AWS::Logs::QueryDefinition", "Properties": {"QueryString": "filter " + "(" * 9000}},
    }

    assert answered(json.dumps({"Resources": resources}))


def test_values_that_need_themselves_are_answered():
    resources = {
        "A": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::GetAtt": ["B", "TopicName"]}}},
        "B": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::GetAtt": ["A", "TopicName"]}}},
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {"AlarmActions": [{"Ref": "A"}], "AlarmName": {"Ref": "Alarm"}},
        },
    }
    conditions = {"C": {"Condition": "D"}, "D": {"Fn::Not": [{"Condition": "C"}]}}

    assert answered(json.dumps({"Conditions": conditions, "Resources": resources}))
