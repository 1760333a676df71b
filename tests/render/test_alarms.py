"""Each alarm on the metric and the dimensions that can fire, and everyone told who should be."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from mangaobs import catalog
from mangaobs.errors import RenderError
from mangaobs.model.alarm import warning
from mangaobs.model.metric import MINUTE, Metric
from mangaobs.render import render
from tests.proof.configurations import EXPORTS, SSM, Rendered, Resource, resources
from tests.proof.resolution import Deployment, resolve

ALARM, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
DEPLOYMENT = Deployment(exports=EXPORTS, ssm=SSM)


@pytest.fixture(params=["on-demand", "provisioned"])
def rendered(request, on_demand, provisioned) -> Rendered:
    return {"on-demand": on_demand, "provisioned": provisioned}[request.param]


def alarms(rendered: Rendered) -> dict[str, dict[str, Any]]:
    """The properties of every alarm as they are once it is deployed, by the alarm's own name."""
    resolved = resolve(rendered.template, DEPLOYMENT)
    return {one.contract["name"]: resolved[one.id]["Properties"] for one in resources(rendered.template, ALARM)}


def dimensions(properties: dict[str, Any]) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in properties.get("Dimensions", [])}


def queries(properties: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["Id"]: one for one in properties["Metrics"]}


def watched(properties: dict[str, Any]) -> list[tuple[str, str, dict[str, str]]]:
    """Every metric that an alarm rests on: namespace, name, dimensions."""
    if "Metrics" not in properties:
        return [(properties["Namespace"], properties["MetricName"], dimensions(properties))]
    metrics = [one["MetricStat"]["Metric"] for one in properties["Metrics"] if "MetricStat" in one]
    return [(metric["Namespace"], metric["MetricName"], dimensions(metric)) for metric in metrics]


# --- A1: throttling ---


@pytest.mark.parametrize(("verb", "metric"), [("reads", "ReadThrottleEvents"), ("writes", "WriteThrottleEvents")])
def test_a_throttled_table_is_seen_because_its_events_are_published_under_its_name_alone(on_demand, verb, metric):
    # the design's ThrottledRequests is published per operation only: without an Operation it would never have data
    alarm = alarms(on_demand)[f"dynamodb-sessions-{verb}-throttled"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/DynamoDB", metric)
    assert dimensions(alarm) == {"TableName": "manga-assist-sessions"}
    assert (alarm["Statistic"], alarm["Period"], alarm["ComparisonOperator"]) == ("Sum", 60, "GreaterThanThreshold")
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (0, 1)
    assert alarm["TreatMissingData"] == "notBreaching"  # no throttling publishes nothing


def test_each_index_is_watched_on_its_own_because_the_tables_metric_leaves_it_out(provisioned):
    found = alarms(provisioned)
    for key, name in (("customer", "by-customer"), ("state", "by-state")):
        for verb, metric in (("reads", "ReadThrottleEvents"), ("writes", "WriteThrottleEvents")):
            alarm = found[f"dynamodb-orders-{key}-{verb}-throttled"]
            assert alarm["MetricName"] == metric
            assert dimensions(alarm) == {"TableName": "manga-shop-orders", "GlobalSecondaryIndexName": name}


def test_the_cause_of_throttling_is_told_apart_by_what_the_table_can_run_into(on_demand, provisioned):
    # given an on-demand table without a maximum, one with, and a provisioned one
    metrics = {metric for alarm in alarms(on_demand).values() for _, metric, _ in watched(alarm)}
    assert {"ReadKeyRangeThroughputThrottleEvents", "ReadAccountLimitThrottleEvents"} <= metrics
    assert not {name for name in metrics if "ProvisionedThroughput" in name or "MaxOnDemand" in name} - {
        "WriteProvisionedThroughputExceeded",  # Kinesis's own
        "ReadProvisionedThroughputExceeded",
    }
    found = alarms(provisioned)
    assert found["dynamodb-audit-read-maximum-exceeded"]["MetricName"] == "ReadMaxOnDemandThroughputThrottleEvents"
    assert found["dynamodb-orders-read-capacity-exceeded"]["MetricName"] == "ReadProvisionedThroughputThrottleEvents"
    assert "dynamodb-orders-read-maximum-exceeded" not in found
    assert "dynamodb-audit-read-capacity-exceeded" not in found


def test_a_hot_key_is_seen_without_the_name_of_an_insight_rule(on_demand):
    alarm = alarms(on_demand)["dynamodb-sessions-read-hot-partition"]
    assert alarm["MetricName"] == "ReadKeyRangeThroughputThrottleEvents"
    assert dimensions(alarm) == {"TableName": "manga-assist-sessions"}


# --- A2: errors ---


def test_system_errors_are_watched_per_operation_because_there_is_no_metric_of_the_whole_table(on_demand):
    found = {name: alarm for name, alarm in alarms(on_demand).items() if alarm.get("MetricName") == "SystemErrors"}
    assert {dimensions(alarm)["Operation"] for alarm in found.values()} == {
        "GetItem", "PutItem", "Query", "UpdateItem", "DeleteItem", "TransactWriteItems"
    }  # fmt: skip
    for alarm in found.values():
        assert set(dimensions(alarm)) == {"TableName", "Operation"}
        assert alarm["Statistic"] == "Sum"


def test_user_errors_belong_to_the_account_because_they_have_no_dimension(on_demand):
    alarm = alarms(on_demand)["dynamodb-user-errors"]
    assert alarm["MetricName"] == "UserErrors"
    assert "Dimensions" not in alarm


def test_failed_conditions_and_transaction_conflicts_are_no_user_errors(on_demand):
    found = alarms(on_demand)
    assert found["dynamodb-sessions-transaction-conflicts"]["MetricName"] == "TransactionConflict"
    ((_, metric, of),) = watched(found["dynamodb-sessions-condition-failures"])
    assert (metric, of) == ("ConditionalCheckFailedRequests", {"TableName": "manga-assist-sessions"})


# --- A3: latency ---


@pytest.mark.parametrize("operation", ["Query", "PutItem", "UpdateItem", "TransactWriteItems"])
def test_the_slowest_percent_is_an_extended_statistic_and_few_calls_are_no_evidence(on_demand, operation):
    alarm = alarms(on_demand)[f"dynamodb-sessions-{operation.lower()}-latency-p99"]
    assert alarm["MetricName"] == "SuccessfulRequestLatency"
    assert dimensions(alarm) == {"TableName": "manga-assist-sessions", "Operation": operation}
    assert alarm["ExtendedStatistic"] == "p99"
    assert "Statistic" not in alarm
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["Threshold"]) == (300, 3, 25)
    assert alarm["EvaluateLowSampleCountPercentile"] == "ignore"
    assert alarm["TreatMissingData"] == "notBreaching"


def test_a_threshold_from_the_configuration_reaches_the_alarm(provisioned):
    assert alarms(provisioned)["dynamodb-orders-query-latency-p99"]["Threshold"] == 40


# --- A4: capacity ---


def test_provisioned_capacity_is_compared_over_five_minutes_because_the_limit_is_published_so_often(provisioned):
    for index, name in ((None, ""), ("by-customer", "customer-"), ("by-state", "state-")):
        of = {"TableName": "manga-shop-orders"} | ({"GlobalSecondaryIndexName": index} if index else {})
        for access in ("Read", "Write"):
            alarm = alarms(provisioned)[f"dynamodb-orders-{name}{access.lower()}-capacity-used"]
            rows = queries(alarm)
            assert rows["result"]["Expression"] == "100 * (used / PERIOD(used)) / available"
            assert [row["Id"] for row in alarm["Metrics"] if row["ReturnData"]] == ["result"]
            used, available = rows["used"]["MetricStat"], rows["available"]["MetricStat"]
            assert used["Metric"]["MetricName"] == f"Consumed{access}CapacityUnits"
            assert available["Metric"]["MetricName"] == f"Provisioned{access}CapacityUnits"
            assert dimensions(used["Metric"]) == dimensions(available["Metric"]) == of
            assert (used["Period"], used["Stat"]) == (300, "Sum")
            assert (available["Period"], available["Stat"]) == (300, "Average")
            assert alarm["Threshold"] == 80
            assert not {"MetricName", "Namespace", "Period", "Statistic"} & set(alarm)


def test_an_on_demand_table_is_compared_with_its_own_maximum_where_it_has_one(provisioned):
    for access in ("Read", "Write"):
        rows = queries(alarms(provisioned)[f"dynamodb-audit-{access.lower()}-capacity-used"])
        metric = rows["available"]["MetricStat"]["Metric"]
        assert metric["MetricName"] == f"OnDemandMax{access}RequestUnits"
        assert dimensions(metric) == {"TableName": "manga-shop-audit"}


def test_an_on_demand_table_without_a_maximum_is_compared_with_the_accounts_quota(on_demand):
    for access in ("Read", "Write"):
        rows = queries(alarms(on_demand)[f"dynamodb-sessions-{access.lower()}-capacity-used"])
        available = rows["available"]["MetricStat"]
        assert available["Metric"]["MetricName"] == f"AccountMaxTableLevel{access}s"
        assert "Dimensions" not in available["Metric"]
        assert (available["Period"], available["Stat"]) == (300, "Maximum")


def test_auto_scaling_tracks_its_target_for_the_table_and_each_index(provisioned):
    resolved = resolve(provisioned.template, DEPLOYMENT)
    targets = {
        (tree["Properties"]["ResourceId"], tree["Properties"]["ScalableDimension"]): (
            tree["Properties"]["MinCapacity"],
            tree["Properties"]["MaxCapacity"],
        )
        for tree in resolved.values()
        if tree["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget"
    }
    assert targets == {
        ("table/manga-shop-orders", "dynamodb:table:ReadCapacityUnits"): (5, 200),
        ("table/manga-shop-orders", "dynamodb:table:WriteCapacityUnits"): (5, 100),
        ("table/manga-shop-orders/index/by-customer", "dynamodb:index:ReadCapacityUnits"): (5, 50),
        ("table/manga-shop-orders/index/by-customer", "dynamodb:index:WriteCapacityUnits"): (5, 50),
        ("table/manga-shop-orders/index/by-state", "dynamodb:index:ReadCapacityUnits"): (1, 10),
        ("table/manga-shop-orders/index/by-state", "dynamodb:index:WriteCapacityUnits"): (1, 10),
    }
    policies = [tree["Properties"] for tree in resolved.values() if tree["Type"].endswith("::ScalingPolicy")]
    assert len(policies) == len(targets)
    for policy in policies:
        tracking = policy["TargetTrackingScalingPolicyConfiguration"]
        target = resolved[policy["ScalingTargetId"]]["Properties"]
        access = "Read" if "Read" in target["ScalableDimension"] else "Write"
        metric = tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]
        assert metric == f"DynamoDB{access}CapacityUtilization"
        main = target["ScalableDimension"] == "dynamodb:table:ReadCapacityUnits"
        assert tracking["TargetValue"] == (60 if main else 70)


def test_an_on_demand_table_has_nothing_to_scale(on_demand):
    assert not resources(on_demand.template, "AWS::ApplicationAutoScaling::ScalableTarget")


# --- A5: lag ---


def test_the_lag_of_a_stream_is_the_functions_iterator_age_because_dynamodb_publishes_none(on_demand):
    found = alarms(on_demand)
    for name, limit in (("function-stream-iterator-age", 60_000), ("function-stream-far-behind", 3_600_000)):
        alarm = found[name]
        assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "IteratorAge")
        assert dimensions(alarm) == {"FunctionName": "manga-assist-stream"}
        assert (alarm["Statistic"], alarm["Threshold"]) == ("Maximum", limit)


def test_a_reader_that_stopped_is_seen_because_its_lag_is_silent_then(on_demand, provisioned):
    # without an event source mapping that counts, the function's invocations say whether anything is read
    rows = queries(alarms(on_demand)["function-stream-stopped"])
    assert rows["written"]["MetricStat"]["Metric"]["MetricName"] == "ConsumedWriteCapacityUnits"
    assert rows["read"]["MetricStat"]["Metric"]["MetricName"] == "Invocations"
    # with one, the mapping's own count does
    read = queries(alarms(provisioned)["function-stream-stopped"])["read"]["MetricStat"]["Metric"]
    assert read["MetricName"] == "PolledEventCount"
    assert set(dimensions(read)) == {"EventSourceMappingUUID"}


def test_only_a_reader_of_a_stream_has_a_lag(on_demand):
    lagging = {name for name, alarm in alarms(on_demand).items() if alarm.get("MetricName") == "IteratorAge"}
    assert lagging == {"function-stream-iterator-age", "function-stream-far-behind"}


# --- functions ---


def test_a_function_is_measured_against_its_own_timeout(on_demand):
    found = alarms(on_demand)
    assert found["function-authorizer-duration"]["Threshold"] == 5_000 * 0.8
    assert found["function-stream-duration"]["Threshold"] == 60_000 * 0.8
    assert found["function-stream-duration"]["ExtendedStatistic"] == "p99"


# --- every alarm ---


def test_every_alarm_says_what_no_data_means(rendered):
    for name, alarm in alarms(rendered).items():
        assert alarm["TreatMissingData"] in {"missing", "notBreaching", "breaching", "ignore"}, name


def test_every_alarm_has_one_form_of_series_and_a_threshold_or_a_band(rendered):
    for name, alarm in alarms(rendered).items():
        single = {"Namespace", "MetricName", "Period"} <= set(alarm)
        assert single != ("Metrics" in alarm), name
        assert ("Statistic" in alarm) + ("ExtendedStatistic" in alarm) == single, name
        assert ("Threshold" in alarm) != ("ThresholdMetricId" in alarm), name
        assert alarm.get("DatapointsToAlarm", 1) <= alarm["EvaluationPeriods"], name


def test_every_alarm_links_its_runbook_and_names_the_query_to_run_next(rendered):
    saved = {one.properties["Name"] for one in resources(rendered.template, "AWS::Logs::QueryDefinition")}
    base = rendered.observability.runbook_base_url.rstrip("/")
    for one in resources(rendered.template, ALARM, COMPOSITE):
        description = one.properties["AlarmDescription"]
        runbook = one.contract["runbook"]
        assert f"Runbook: {base}/{runbook}.md" in description.split("\n")
        assert (rendered.project / "alarms" / "runbooks" / f"{runbook}.md").is_file()
        assert rendered.observability.runbooks[runbook].summary in description
        assert len(description) <= 1024
        if "next_query" in one.contract:
            (line,) = [line for line in description.split("\n") if line.startswith("Next query: ")]
            name = line.removeprefix("Next query: ")
            assert name in saved, one.id


def test_every_alarm_tells_the_topic_of_its_severity(on_demand):
    topics = {"critical": "TopicCritical", "warning": "TopicWarning", "info": "TopicInfo"}
    for one in resources(on_demand.template, ALARM, COMPOSITE):
        # what pages through a composite opens a ticket itself
        severity = "warning" if "through" in one.contract else one.contract["severity"]
        assert one.properties["AlarmActions"] == [{"Ref": topics[severity]}], one.id
        # the recovery closes a page and a ticket, and is no news otherwise
        assert one.properties.get("OKActions") == (None if severity == "info" else one.properties["AlarmActions"])
        assert one.properties.get("ActionsEnabled", True)


def test_existing_topics_are_told_instead(provisioned):
    found = alarms(provisioned)
    told = {alarm["AlarmActions"][0] for alarm in found.values()}
    assert told <= {
        "arn:aws:sns:eu-central-1:111122223333:oncall-pages",
        EXPORTS["oncall-tickets-topic"],
        SSM["/oncall/records-topic"],
    }
    assert found["dynamodb-user-errors"]["AlarmActions"] == [EXPORTS["oncall-tickets-topic"]]


def children(composite: Resource) -> set[str]:
    return set(re.findall(r'ALARM\("([^"]+)"\)', composite.properties["AlarmRule"]))


def test_what_pages_through_a_composite_is_its_child_and_the_composite_pages(rendered):
    name = rendered.observability.naming.resource
    composites = {one.contract["name"]: one for one in resources(rendered.template, COMPOSITE)}
    through = [one for one in resources(rendered.template, ALARM) if "through" in one.contract]
    assert through
    for one in through:
        parent = composites[one.contract["through"]]
        assert one.properties["AlarmName"] in children(parent)
        assert one.contract["severity"] == parent.contract["severity"] == "critical"
    # and every child exists, deployed before its parent
    existing = {one.properties["AlarmName"]: one.id for one in resources(rendered.template, ALARM, COMPOSITE)}
    for composite in composites.values():
        needs = set(rendered.template["Resources"][composite.id]["DependsOn"])
        assert {existing[child] for child in children(composite)} <= needs
        suppressor = composite.properties.get("ActionsSuppressor")
        if suppressor:
            assert existing[suppressor] in needs
    assert name("chat-is-down") in existing


def test_while_the_chat_is_down_its_causes_do_not_page(on_demand):
    composites = {one.contract["name"]: one for one in resources(on_demand.template, COMPOSITE)}
    down = composites.pop("chat-is-down")
    assert "ActionsSuppressor" not in down.properties
    assert set(composites) == {"chat-cause-bedrock", "chat-cause-dynamodb", "chat-cause-functions"}
    for cause in composites.values():
        assert cause.properties["ActionsSuppressor"] == down.properties["AlarmName"]
        # the suppressor may come a few minutes after its cause: it waits for five periods of a minute
        assert cause.properties["ActionsSuppressorWaitPeriod"] > 0
        assert cause.properties["ActionsSuppressorExtensionPeriod"] > 0


def test_a_child_that_nothing_covers_is_refused(overlay):
    observability = overlay('application = "small"').observability
    alone = warning(
        "alone",
        Metric("AWS/Lambda", "Errors", (("FunctionName", "f"),)).sum(MINUTE) > 0,
        through="nobody",
        summary="It would page through nobody.",
        runbook="function-errors",
    )
    with pytest.raises(RenderError, match="no composite alarm names it"):
        render(msgspec.structs.replace(observability, alarms=(*observability.alarms, alone)))


def test_an_anomaly_alarm_returns_its_metric_and_its_band(rendered):
    bands = [one for one in alarms(rendered).values() if "ThresholdMetricId" in one]
    assert bands
    for alarm in bands:
        rows = queries(alarm)
        assert alarm["ThresholdMetricId"] == "band"
        assert re.fullmatch(r"ANOMALY_DETECTION_BAND\(series, [\d.]+\)", rows["band"]["Expression"])
        assert rows["band"]["ReturnData"] is True
        assert rows["series"]["ReturnData"] is True
        assert alarm["ComparisonOperator"] in {
            "LessThanLowerOrGreaterThanUpperThreshold", "GreaterThanUpperThreshold", "LessThanLowerThreshold"
        }  # fmt: skip


def test_an_alarm_of_metric_math_returns_one_series_of_one_period(rendered):
    for name, alarm in alarms(rendered).items():
        if "Metrics" not in alarm or "ThresholdMetricId" in alarm:
            continue
        assert sum(row["ReturnData"] for row in alarm["Metrics"]) == 1, name
        periods = {row["MetricStat"]["Period"] for row in alarm["Metrics"] if "MetricStat" in row}
        assert len(periods) <= 1, name
        assert len([row for row in alarm["Metrics"] if "MetricStat" in row]) <= 10, name
        ids = set(queries(alarm))
        assert len(ids) == len(alarm["Metrics"])
        for row in alarm["Metrics"]:
            used = set(re.findall(r"\b[a-z][A-Za-z0-9_]*\b", row.get("Expression", "")))
            assert used <= ids, name


# --- can it fire? ---


def test_every_dimension_set_is_one_that_somebody_emits(on_demand, provisioned, fleet):
    for rendered in (on_demand, provisioned):
        _check_emitted(rendered, list(alarms(rendered).items()))
    shards = [one for shard in fleet.shards.values() for one in resources(shard, ALARM)]
    _check_emitted(fleet, [(one.id, one.properties) for one in shards])


def _check_emitted(rendered: Rendered, found: list[tuple[str, dict[str, Any]]]) -> None:
    contract = rendered.shards if rendered.name == "fleet" else {"": rendered.template}
    (template, *_) = contract.values()
    ours = {
        (metric["namespace"], metric["name"]): set(metric["dimensions"])
        for metric in template["Metadata"]["mangaobs"]["signals"]["metrics"]
    }
    for one in contract.values():
        for filter in resources(one, "AWS::Logs::MetricFilter"):
            for made in filter.properties["MetricTransformations"]:
                names = {dimension["Key"] for dimension in made.get("Dimensions", [])}
                ours[made["MetricNamespace"], made["MetricName"]] = names
    assert found
    for alarm, properties in found:
        for namespace, metric, of in watched(properties):
            if namespace.startswith("AWS/"):
                # None is where the catalog cannot tell: nothing that the bundled alarms rest on
                assert catalog.emits(namespace, metric, of) is True, (alarm, namespace, metric, sorted(of))
            else:
                assert ours.get((namespace, metric)) == set(of), (alarm, namespace, metric, sorted(of))


def test_an_alarm_on_what_nobody_emits_is_refused(overlay):
    observability = overlay('application = "small"').observability
    for metric in (
        Metric("MangaAssist", "NobodyEmitsThis"),
        Metric("MangaAssist", "HotKeys"),  # it is emitted with an Environment
        Metric("AWS/DynamoDB", "ThrottledRequests", (("TableName", "t"),)),  # only with an Operation
    ):
        dead = warning(
            "dead", metric.sum(MINUTE) > 0, summary="It could never fire.", runbook="function-errors"
        )  # fmt: skip
        with pytest.raises(RenderError, match="dead"):
            render(msgspec.structs.replace(observability, alarms=(*observability.alarms, dead)))


# --- the account-wide switch ---


def test_what_watches_the_account_is_rendered_by_one_stack_of_it(overlay, on_demand):
    text = (on_demand.project / "mangaobs.toml").read_text(encoding="utf-8")
    narrow = overlay(text + "[account]\nwide = false\n").template
    wide = on_demand.template
    gone = set(wide["Resources"]) - set(narrow["Resources"])
    assert gone >= {
        "AlarmDynamodbUserErrors", "AlarmLambdaAccountConcurrency", "AlarmTrailTampering", "AlarmTrailAccessDenied",
        "MetricFilterTrailTampering", "MetricFilterTrailAccessDenied", "EventRuleTrailStopped", "EventRuleKeyDisabled",
    }  # fmt: skip
    wide_alarms = {one.name for one in on_demand.observability.alarms if one.account_wide}
    assert wide_alarms
    left = {one.contract["name"] for one in resources(narrow, ALARM)}
    assert not wide_alarms & left
    # what belongs to this application's own tables stays
    assert {"AlarmTrailScan", "EventRuleTableDeleted"} <= set(narrow["Resources"])
    # and no metric without dimensions is watched but those of the filters that stay, and quotas that a ratio needs
    for one in resources(narrow, ALARM):
        if one.properties.get("Namespace", "").startswith("AWS/"):
            assert one.properties.get("Dimensions"), one.id
