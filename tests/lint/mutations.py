"""Breaks a clean template at random, one place at a time, by kind: for the test, and for `make bench` to report."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from mangaobs.lint import Finding, lint
from mangaobs.template import worlds

Template = dict
Mutant = tuple[str, Template]  # the resource that is broken, and the template

FILE = Path("template.json")


def findings(template: Template) -> list[Finding]:
    text = json.dumps(template)
    return [one for one in lint(worlds([FILE], texts={FILE: text})).findings if one.verdict == "refuted"]


def _of(template: Template, type_: str) -> list[str]:
    return [name for name, one in template["Resources"].items() if one["Type"] == type_]


def slip(word: str, rng: random.Random) -> str:
    """The word with two letters swapped, or one left out."""
    places = [at for at in range(1, len(word) - 1) if word[at] != word[at + 1]]
    if not places:
        return word + "x"
    at = rng.choice(places)
    if rng.random() < 0.5:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _alarm(change: Callable[[dict, random.Random], bool], *, math: bool | None = None) -> Callable:
    def mutate(template: Template, rng: random.Random) -> Mutant | None:
        names = _of(template, "AWS::CloudWatch::Alarm")
        rng.shuffle(names)
        for name in names:
            if math is not None and ("Metrics" in template["Resources"][name]["Properties"]) is not math:
                continue
            made = copy.deepcopy(template)
            if change(made["Resources"][name]["Properties"], rng):
                return name, made
        return None

    return mutate


def _metric(properties: dict, rng: random.Random) -> tuple[dict, dict] | None:
    """A metric, and what has its statistic."""
    if "MetricName" in properties:
        return properties, properties
    stats = [one["MetricStat"] for one in properties.get("Metrics", []) if "MetricStat" in one]
    if not stats:
        return None
    chosen = rng.choice(stats)
    return chosen["Metric"], chosen


def _on_metric(change: Callable[[dict, dict, random.Random], bool]) -> Callable:
    def mutate(properties: dict, rng: random.Random) -> bool:
        found = _metric(properties, rng)
        return found is not None and change(*found, rng)

    return _alarm(mutate)


def _dimension_name(metric: dict, _: dict, rng: random.Random) -> bool:
    if not metric.get("Dimensions"):
        return False
    one = rng.choice(metric["Dimensions"])
    one["Name"] = slip(one["Name"], rng)
    return True


def _dropped_dimension(metric: dict, _: dict, rng: random.Random) -> bool:
    if not metric.get("Dimensions"):
        return False
    metric["Dimensions"].pop(rng.randrange(len(metric["Dimensions"])))
    return True


def _more_dimensions(metric: dict, _: dict, rng: random.Random) -> bool:
    metric.setdefault("Dimensions", []).append({"Name": rng.choice(["Stage", "Service", "Operation"]), "Value": "x"})
    return True


def _metric_name(metric: dict, _: dict, rng: random.Random) -> bool:
    metric["MetricName"] = slip(metric["MetricName"], rng)
    return True


def _namespace(metric: dict, _: dict, rng: random.Random) -> bool:
    others = ["AWS/Lambda", "AWS/DynamoDB", "AWS/SQS", "AWS/SNS", "AWS/Kinesis", "AWS/ApiGateway", "AWS/Bedrock"]
    metric["Namespace"] = rng.choice([one for one in others if one != metric["Namespace"]])
    return True


def _unit(_: dict, stat: dict, rng: random.Random) -> bool:
    stat["Unit"] = rng.choice(["Terabits", "Gigabytes/Second"])
    return True


def _statistic(_: dict, stat: dict, rng: random.Random) -> bool:
    for key in ("Statistic", "ExtendedStatistic", "Stat"):
        if key in stat:
            stat[key] = rng.choice(["p101", "Avarage", "zz", "Total"])
            return True
    return False


def _dropped_field(properties: dict, rng: random.Random) -> bool:
    names = ["Threshold", "ComparisonOperator", "EvaluationPeriods", "Statistic", "Period", "MetricName"]
    there = [
        one for one in names if one in properties and not (one == "Statistic" and "ExtendedStatistic" in properties)
    ]
    if not there:
        return False
    del properties[rng.choice(there)]
    return True


def _operator(properties: dict, _: random.Random) -> bool:
    swapped = {"Greater": "Less", "Less": "Greater"}
    operator = properties.get("ComparisonOperator", "")
    for word, other in swapped.items():
        if operator.startswith(word):
            properties["ComparisonOperator"] = operator.replace(word, other, 1)
            return True
    return False


def _threshold(properties: dict, rng: random.Random) -> bool:
    if "Threshold" not in properties:
        return False
    properties["Threshold"] = rng.choice([-1, -100])
    return True


def _datapoints(properties: dict, _: random.Random) -> bool:
    properties["DatapointsToAlarm"] = properties.get("EvaluationPeriods", 1) + 1
    return True


def _periods(properties: dict, rng: random.Random) -> bool:
    found = _metric(properties, rng)
    if found is None:
        return False
    found[1]["Period"] = rng.choice([45, 1, 90, 61])
    return True


def _missing(properties: dict, _: random.Random) -> bool:
    swapped = {"notBreaching": "breaching", "breaching": "notBreaching"}
    if properties.get("TreatMissingData") not in swapped:
        return False
    properties["TreatMissingData"] = swapped[properties["TreatMissingData"]]
    return True


def _no_actions(properties: dict, _: random.Random) -> bool:
    for name in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        properties.pop(name, None)
    return True


def _expression(properties: dict, rng: random.Random) -> bool:
    found = [one for one in properties["Metrics"] if "Expression" in one]
    if not found:
        return False
    one = rng.choice(found)
    text = one["Expression"]
    ids = re.findall(r"\b[a-z]\w*\b", text)
    choices = [text + " +", text + ")", text.replace(ids[0], ids[0] + "x", 1) if ids else text + "("]
    one["Expression"] = rng.choice(choices)
    return True


def _returned(properties: dict, rng: random.Random) -> bool:
    found = properties["Metrics"]
    if rng.random() < 0.5:
        for one in found:
            one["ReturnData"] = False
    else:
        for one in found:
            one["ReturnData"] = True
    return len(found) > 1


def _composite(template: Template, rng: random.Random) -> Mutant | None:
    names = _of(template, "AWS::CloudWatch::CompositeAlarm")
    name = rng.choice(names)
    made = copy.deepcopy(template)
    properties = made["Resources"][name]["Properties"]
    raw = json.dumps(properties["AlarmRule"])
    choice = rng.randrange(3)
    changed = [
        raw.replace("ALARM(", "ALARM((", 1),
        raw.replace("ALARM(", "ALARMS(", 1),
        raw.replace(" OR ", " OR OR ", 1),
    ]
    if changed[choice] == raw:
        return None
    properties["AlarmRule"] = json.loads(changed[choice])
    return name, made


def _changed(value: object, change: Callable[[str], str | None]) -> object:
    """A text, that of Fn::Sub, or an object as JSON, changed; None if that changes nothing."""
    if isinstance(value, str):
        text = change(value)
        return None if text == value else text
    if isinstance(value, dict) and "Fn::Sub" in value:
        inner = value["Fn::Sub"]
        new = _changed(inner[0] if isinstance(inner, list) else inner, change)
        return None if new is None else {"Fn::Sub": [new, *inner[1:]] if isinstance(inner, list) else new}
    raw = json.dumps(value)
    text = change(raw)
    return None if text in (None, raw) else json.loads(text)


def _property(type_: str, name: str, change: Callable[[str, random.Random], str | None]) -> Callable:
    def mutate(template: Template, rng: random.Random) -> Mutant | None:
        chosen = rng.choice(_of(template, type_))
        made = copy.deepcopy(template)
        given = made["Resources"][chosen]["Properties"]
        changed = _changed(given[name], lambda text: change(text, rng))
        if changed is None:
            return None
        given[name] = changed
        return chosen, made

    return mutate


def _body(change: Callable[[str, random.Random], str | None]) -> Callable:
    return _property("AWS::CloudWatch::Dashboard", "DashboardBody", change)


def _broken_json(text: str, rng: random.Random) -> str:
    at = rng.choice([found.start() for found in re.finditer(r"[\]}]", text)])
    return text[:at] + text[at + 1 :]


def _widget_metric(text: str, rng: random.Random) -> str | None:
    found = list(re.finditer(r'\["(AWS/\w+)","([A-Za-z.]+)"', text)) or list(
        re.finditer(r'\["(AWS/\w+)", "([A-Za-z.]+)"', text)
    )
    if not found:
        return None
    one = rng.choice(found)
    return text[: one.start(2)] + slip(one[2], rng) + text[one.end(2) :]


def _widget_width(text: str, rng: random.Random) -> str | None:
    found = list(re.finditer(r'"width": ?(\d+)', text))
    one = rng.choice(found)
    return text[: one.start(1)] + rng.choice(["40", "0", '"wide"']) + text[one.end(1) :]


def _widget_type(text: str, rng: random.Random) -> str | None:
    found = list(re.finditer(r'"type": ?"(metric|text|log|alarm)"', text))
    one = rng.choice(found)
    return text[: one.start(1)] + slip(one[1], rng) + text[one.end(1) :]


def _function(text: str, rng: random.Random) -> str | None:
    found = list(
        re.finditer(r"\b(count|sum|avg|max|min|pct|bin|count_distinct|stats|filter|fields|sort|limit)\b", text)
    )
    if not found:
        return None
    one = rng.choice(found)
    return text[: one.start()] + slip(one[0], rng) + text[one.end() :]


def _field(text: str, rng: random.Random) -> str | None:
    found = list(re.finditer(r"\b(duration_ms|event|level|operation|status|error_type|session|request_id)\b", text))
    if not found:
        return None
    one = rng.choice(found)
    return text[: one.start()] + slip(one[0], rng) + text[one.end() :]


def _pattern(text: str, rng: random.Random) -> str | None:
    return rng.choice(
        [text.replace("}", "", 1), text.replace(" = ", " == ", 1), text.replace('"', "", 1), text.replace("&&", "&", 1)]
    )


def _event_field(text: str, rng: random.Random) -> str | None:
    found = list(re.finditer(r"\$\.(eventName|eventSource|errorCode|userIdentity)", text))
    if not found:
        return None
    one = rng.choice(found)
    return text[: one.start(1)] + slip(one[1], rng) + text[one.end(1) :]


def _transformation(template: Template, rng: random.Random) -> Mutant | None:
    name = rng.choice(_of(template, "AWS::Logs::MetricFilter"))
    made = copy.deepcopy(template)
    one = made["Resources"][name]["Properties"]["MetricTransformations"][0]
    key = rng.choice(["MetricName", "MetricNamespace"])
    one[key] = slip(one[key], rng)
    return name, made


def _rule(text: str, rng: random.Random) -> str | None:
    choices = [
        ('"AggregateOn"', '"AggregateOf"'),
        ('"Keys"', '"Key"'),
        ('"JSON"', '"JSN"'),
        ('"Count"', '"Max"'),
        ('"Sum"', '"Avg"'),
    ]
    there = [(old, new) for old, new in choices if old in text or old.replace('"', '\\"') in text]
    old, new = rng.choice(there)
    return (
        text.replace(old, new, 1) if old in text else text.replace(old.replace('"', '\\"'), new.replace('"', '\\"'), 1)
    )


def _topic_policy(template: Template, rng: random.Random) -> Mutant | None:
    name = rng.choice(_of(template, "AWS::SNS::TopicPolicy"))
    made = copy.deepcopy(template)
    raw = json.dumps(made["Resources"][name]).replace("cloudwatch.amazonaws.com", "cloudtrail.amazonaws.com")
    made["Resources"][name] = json.loads(raw)
    return name, made


def _key_policy(template: Template, rng: random.Random) -> Mutant | None:
    name = rng.choice(_of(template, "AWS::KMS::Key"))
    made = copy.deepcopy(template)
    raw = json.dumps(made["Resources"][name]).replace("cloudwatch.amazonaws.com", "logs.amazonaws.com")
    made["Resources"][name] = json.loads(raw)
    return name, made


def _unsubscribed(template: Template, rng: random.Random) -> Mutant | None:
    made = copy.deepcopy(template)
    name = rng.choice(_of(template, "AWS::SNS::Subscription"))
    del made["Resources"][name]
    made.pop("Outputs", None)
    return name, made


def _event_key(text: str, rng: random.Random) -> str | None:
    found = list(re.finditer(r'"(detail-type|source|detail)"', text))
    one = rng.choice(found)
    return text[: one.start(1)] + slip(one[1], rng) + text[one.end(1) :]


KINDS: dict[str, Callable[[Template, random.Random], Mutant | None]] = {
    "wrong dimension": _on_metric(_dimension_name),
    "dropped dimension": _on_metric(_dropped_dimension),
    "one dimension more": _on_metric(_more_dimensions),
    "misspelt metric": _on_metric(_metric_name),
    "swapped namespace": _on_metric(_namespace),
    "wrong unit": _on_metric(_unit),
    "no such statistic": _on_metric(_statistic),
    "dropped field": _alarm(_dropped_field),
    "swapped operator": _alarm(_operator),
    "threshold below zero": _alarm(_threshold),
    "more points than periods": _alarm(_datapoints),
    "no such period": _alarm(_periods),
    "swapped missing data": _alarm(_missing),
    "no actions": _alarm(_no_actions),
    "broken expression": _alarm(_expression, math=True),
    "none or all returned": _alarm(_returned, math=True),
    "broken alarm rule": _composite,
    "broken body": _body(_broken_json),
    "misspelt metric in a widget": _body(_widget_metric),
    "width of a widget": _body(_widget_width),
    "type of a widget": _body(_widget_type),
    "misspelt word in a query": _property("AWS::Logs::QueryDefinition", "QueryString", _function),
    "misspelt field in a query": _property("AWS::Logs::QueryDefinition", "QueryString", _field),
    "broken filter pattern": _property("AWS::Logs::MetricFilter", "FilterPattern", _pattern),
    "misspelt field in a filter": _property("AWS::Logs::MetricFilter", "FilterPattern", _event_field),
    "misspelt metric of a filter": _transformation,
    "broken insight rule": _property("AWS::CloudWatch::InsightRule", "RuleBody", _rule),
    "misspelt field in a rule": _property("AWS::CloudWatch::InsightRule", "RuleBody", _field),
    "topic without CloudWatch": _topic_policy,
    "key without CloudWatch": _key_policy,
    "topic without subscription": _unsubscribed,
    "misspelt key of an event": _property("AWS::Events::Rule", "EventPattern", _event_key),
}


def mutants(template: Template, kind: str, count: int, seed: int) -> Iterator[Mutant]:
    """Some mutants of a kind; fewer where the template offers none."""
    rng = random.Random(f"{kind} {seed}")  # noqa: S311 - no secret
    for _ in range(count):
        made = KINDS[kind](template, rng)
        if made is not None:
            yield made


def shares(template: Template, count: int, seed: int = 0) -> dict[str, tuple[int, int]]:
    """Of each kind, how many of the mutants were found."""
    clean = {(one.rule, one.resource, one.message) for one in findings(template)}
    result: dict[str, tuple[int, int]] = {}
    for kind in KINDS:
        made = list(mutants(template, kind, count, seed))
        found = sum(
            any((one.rule, one.resource, one.message) not in clean for one in findings(mutant)) for _, mutant in made
        )
        result[kind] = (found, len(made))
    return result
