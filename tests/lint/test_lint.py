"""How findings are placed, weighed, suppressed and proven."""

from __future__ import annotations

import json

import pytest

from mangaobs.lint import Baseline, Ignored, Observed, Settings

ALARM = """\
Resources:
  Slow:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/DynamoDB
      MetricName: {metric}
      Dimensions:
        - Name: {dimension}
          Value: {value}
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      ComparisonOperator: GreaterThanThreshold
      Threshold: 0
      TreatMissingData: notBreaching
      AlarmActions: ['arn:aws:sns:us-east-1:123456789012:pages']
"""


def alarm(metric="ReadThrottleEvents", dimension="TableName", value="sessions", more=""):
    return ALARM.format(metric=metric, dimension=dimension, value=value) + more


class TestPlaces:
    def test_the_very_token_is_named_in_yaml(self, linted):
        (one,) = linted(alarm(dimension='"Table"'))

        assert linted.token(one) == "Table"
        assert one.path == "/Resources/Slow/Properties/Dimensions/0/Name"

    def test_and_in_json(self, linted):
        import yaml

        text = json.dumps(yaml.safe_load(alarm(metric="ReadThrottles")), indent=2)
        (one,) = linted(text)

        assert linted.token(one) == "ReadThrottles"

    def test_inside_of_a_body_that_fn_sub_builds(self, linted):
        row = '{"region": "${AWS::Region}", "metrics": [["AWS/SQS", "Sent"]]}'
        body = f'{{"widgets": [{{"type": "metric", "properties": {row}}}]}}'
        head = "Resources:\n  D:\n    Type: AWS::CloudWatch::Dashboard\n    Properties:\n"
        text = f"{head}      DashboardBody: !Sub '{body}'\n"
        (one,) = linted(text)

        assert (one.rule, linted.token(one)) == ("MO101", "Sent")
        assert one.path.endswith("/DashboardBody/widgets/0/properties/metrics/0/1")

    def test_inside_of_a_body_with_escapes(self, linted):
        body = {"widgets": [{"type": "text", "properties": {"markdown": 'say "hi"\n'}, "x": 0, "y": 0, "widht": 3}]}
        text = json.dumps(
            {
                "Resources": {
                    "D": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": json.dumps(body)}}
                }
            }
        )
        (one,) = linted(text)

        assert one.rule == "MO202"
        assert "widht" in one.message

    def test_inside_of_a_query_after_its_parameters(self, linted):
        text = (
            "Resources:\n  Q:\n    Type: AWS::Logs::QueryDefinition\n    Properties:\n      Name: q\n"
            "      Parameters: [{Name: least, DefaultValue: '12345'}]\n"
            "      QueryString: filter duration > {{least}} | stats cuont(*)\n"
        )
        (one,) = linted(text)

        assert linted.token(one) == "cuont"

    def test_a_definition_of_ours_is_named_by_file_and_line(self, linted):
        more = "    Metadata: {mangaobs: {file: alarms/dynamodb.py, line: 12}}\n"
        (one,) = linted(alarm(metric="ReadThrottles", more=more))

        assert one.definition == "alarms/dynamodb.py:12"


class TestConditions:
    HEAD = (
        "Parameters:\n  Stage: {{Type: String, Default: {default}}}\n"
        "Conditions:\n  IsProd: !Equals [!Ref Stage, prod]\n"
    )

    def test_what_is_only_made_in_production_is_looked_at_too(self, linted):
        text = self.HEAD.format(default="dev") + alarm(metric="SystemErrors", more="    Condition: IsProd\n")
        (one,) = linted(text)

        assert one.assuming == "IsProd is true"

    def test_what_is_wrong_either_way_is_said_once(self, linted):
        text = self.HEAD.format(default="dev") + alarm(metric="SystemErrors", more="").replace(
            "Value: sessions", "Value: !If [IsProd, a, b]"
        )

        assert [one.assuming for one in linted(text)] == [""]

    def test_a_parameter_that_is_given_is_not_turned(self, linted):
        text = self.HEAD.format(default="prod") + alarm(metric="SystemErrors", more="    Condition: IsProd\n")

        assert linted(text, parameters={"Stage": "dev"}) == []

    def test_the_alarm_and_the_table_go_by_the_same_condition(self, linted):
        """An alarm on provisioned capacity that is only made with provisioned capacity is right."""
        table = (
            "  Table:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      TableName: sessions\n"
            "      BillingMode: !If [IsProd, PROVISIONED, PAY_PER_REQUEST]\n"
            "      ContributorInsightsSpecification: {Enabled: true}\n"
        )
        metric = alarm(metric="ProvisionedReadCapacityUnits", more="    Condition: IsProd\n" + table)
        metric = metric.replace("Statistic: Sum", "Statistic: Average").replace("Period: 60", "Period: 300")
        text = self.HEAD.format(default="dev") + metric

        assert linted(text) == []
        assert [
            one.rule
            for one in linted(
                text.replace("[IsProd, PROV", "[IsProd, PAY_PER_REQUEST, PROV").replace(
                    "PROVISIONED, PAY_PER_REQUEST]", "PROVISIONED]"
                )
            )
        ] == ["MO113"]

    def test_what_rests_on_an_absence_that_a_parameter_fills_is_unproven(self, linted):
        text = (
            "Parameters:\n  Email: {Type: String, Default: ''}\n"
            "Conditions:\n  HasEmail: !Not [!Equals [!Ref Email, '']]\n"
            + alarm().replace("'arn:aws:sns:us-east-1:123456789012:pages'", "!Ref Pages")
            + "  Pages: {Type: AWS::SNS::Topic}\n"
            "  Subscription:\n    Type: AWS::SNS::Subscription\n    Condition: HasEmail\n"
            "    Properties: {TopicArn: !Ref Pages, Protocol: email, Endpoint: !Ref Email}\n"
        )

        assert linted(text) == []
        assert "MO127" in {one.rule for one in linted(text, verdict="unproven")}

    def test_an_action_may_name_a_topic_that_is_not_made(self, linted):
        text = (
            self.HEAD.format(default="dev")
            + alarm().replace("'arn:aws:sns:us-east-1:123456789012:pages'", "!Ref Pages")
            + "  Pages: {Type: AWS::SNS::Topic, Condition: IsProd}\n"
        )

        assert {one.rule for one in linted(text)} == {"MO127"}


class TestVerdicts:
    def test_what_the_catalog_publishes_is_proven(self, linted):
        assert [one.rule for one in linted(alarm(), verdict="proven")] == ["MO102"]

    def test_what_it_does_not_know_is_unproven_and_says_why(self, linted):
        (one,) = [o for o in linted(alarm().replace("AWS/DynamoDB", "Chat"), verdict="unproven") if o.rule == "MO103"]

        assert "nothing in the templates emits Chat ReadThrottleEvents" in one.message

    def test_an_unknown_dimension_is_unproven(self, linted):
        text = "Parameters:\n  Name: {Type: String}\n" + alarm(dimension="!Ref Name")

        assert linted(text) == []
        assert "MO102" in {one.rule for one in linted(text, verdict="unproven")}

    def test_a_recording_makes_facts_of_what_is_unproven(self, linted):
        text = alarm().replace("AWS/DynamoDB", "Chat")
        same = Observed({("Chat", "ReadThrottleEvents"): {("TableName",)}})
        other = Observed({("Chat", "ReadThrottleEvents"): {("Environment",)}})

        assert "MO103" in {one.rule for one in linted(text, verdict="proven", observed=same)}
        assert [one.rule for one in linted(text, observed=other)] == ["MO103"]

    def test_and_of_metrics_that_the_catalog_does_not_list(self, linted):
        text = alarm(metric="CPUUtilization", dimension="ClusterName").replace("AWS/DynamoDB", "AWS/ECS")
        seen = Observed({("AWS/ECS", "CPUUtilization"): {("ClusterName",)}})
        elsewhere = Observed({("AWS/ECS", "CPUUtilization"): {("ClusterName", "ServiceName")}})

        assert "MO101" in {one.rule for one in linted(text, verdict="unproven")}
        assert "MO101" in {one.rule for one in linted(text, verdict="proven", observed=seen)}
        assert [one.rule for one in linted(text, observed=elsewhere)] == ["MO101"]

    def test_fields_of_a_query_are_held_against_the_lines_of_a_recording(self, linted):
        text = (
            "Resources:\n  Q:\n    Type: AWS::Logs::QueryDefinition\n    Properties:\n      Name: q\n"
            "      LogGroupNames: [/chat]\n      QueryString: filter levle = 'ERROR' | limit 5\n"
        )
        seen = Observed(fields={"/chat": {"level", "event"}})

        (one,) = linted(text, observed=seen)

        assert (one.rule, one.severity, linted.token(one)) == ("MO303", "warning", "levle")
        assert linted(text.replace("levle", "level"), observed=seen) == []
        assert linted(text) == []


class TestSuppressions:
    def test_in_the_resource(self, linted):
        more = "    Metadata: {mangaobs: {ignore: [{rule: MO102, reason: it is being replaced}]}}\n"
        report = linted.report(alarm(metric="SystemErrors", more=more))

        assert [one for one in report.findings if one.verdict == "refuted"] == []
        assert [one.rule for one in report.suppressed] == ["MO102"]

    def test_in_the_template(self, linted):
        text = "Metadata: {mangaobs: {ignore: [{rule: MO102, reason: old}]}}\n" + alarm(metric="SystemErrors")

        assert linted(text) == []

    def test_in_the_settings_for_one_resource(self, linted):
        here = Settings(ignored=(Ignored("MO102", "old", "Slow"),))
        elsewhere = Settings(ignored=(Ignored("MO102", "old", "Fast"),))

        assert linted(alarm(metric="SystemErrors"), settings=here) == []
        assert {one.rule for one in linted(alarm(metric="SystemErrors"), settings=elsewhere)} == {"MO102", "MO001"}

    def test_one_that_finds_nothing_is_reported_and_one_of_a_rule_not_asked_for_is_not(self, linted):
        ignored = (Ignored("MO102", "old"),)

        assert [one.rule for one in linted(alarm(), settings=Settings(ignored=ignored))] == ["MO001"]
        assert linted(alarm(), settings=Settings(select=("MO2",), ignored=ignored)) == []

    def test_one_without_a_reason_suppresses_nothing(self, linted):
        more = "    Metadata: {mangaobs: {ignore: [{rule: MO102}]}}\n"

        assert {one.rule for one in linted(alarm(metric="SystemErrors", more=more))} == {"MO102", "MO002"}


class TestChoosing:
    def test_by_id_and_by_its_beginning(self, linted):
        text = alarm(metric="SystemErrors")

        assert linted(text, settings=Settings(select=("MO2",))) == []
        assert linted(text, settings=Settings(ignore=("MO10",))) == []
        assert len(linted(text, settings=Settings(select=("MO102",)))) == 1

    def test_only_rules_of_what_is_there_are_loaded(self, linted):
        used = set(linted.report("Resources: {Topic: {Type: AWS::SNS::Topic}}").rules)

        assert used == {"MO001", "MO002", "MO003", "MO601", "MO605", "MO709"}


class TestBaseline:
    def test_known_findings_do_not_count_wherever_their_line_is(self, linted, tmp_path):
        file = tmp_path / "baseline.json"
        file.write_text(Baseline.of(linted(alarm(metric="SystemErrors"))).to_json())

        new, known, gone = Baseline.read(file).split(linted("# a line more\n" + alarm(metric="SystemErrors")))

        assert (new, known, gone) == ([], 1, 0)

    def test_new_ones_do_and_gone_ones_are_counted(self, linted, tmp_path):
        file = tmp_path / "baseline.json"
        file.write_text(Baseline.of(linted(alarm(metric="SystemErrors"))).to_json())

        new, known, gone = Baseline.read(file).split(linted(alarm(metric="ReadThrottles")))

        assert [one.rule for one in new] == ["MO101"]
        assert (known, gone) == (0, 1)


class TestSwitches:
    def test_the_text_of_a_control_is_compared_where_it_is_asked_for(self, linted):
        names = ["CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"]
        pattern = " || ".join(f"($.eventName = {one})" for one in names)
        text = (
            "Resources:\n  F:\n    Type: AWS::Logs::MetricFilter\n    Properties:\n      LogGroupName: /trail\n"
            f"      FilterPattern: '{{ {pattern} }}'\n"
            "      MetricTransformations: [{MetricName: Changes, MetricNamespace: Trail, MetricValue: '1'}]\n"
        )
        chosen = ("MO407",)

        (loose,) = linted(text, settings=Settings(select=chosen))
        assert "PutEventSelectors" in loose.message
        assert loose.severity == "info"
        assert linted(text, settings=Settings(select=chosen, cis_verbatim=True)) == []
        (strict,) = linted(
            text.replace("CreateTrail", "MakeTrail"), settings=Settings(select=chosen, cis_verbatim=True)
        )
        assert strict.severity == "warning"

    def test_two_units_on_an_axis_can_be_allowed(self, linted):
        from mangaobs.lint import every_rule, text_of

        assert linted(text_of(every_rule()["MO204"]).bad, settings=Settings(mixed_units=True)) == []


@pytest.mark.parametrize("name", ["on_demand", "provisioned"])
def test_our_own_templates_have_no_finding(name, linted, request):
    template = request.getfixturevalue(name).template

    assert linted(json.dumps(template)) == []
    assert linted.report(json.dumps(template)).suppressed == []


def test_shards_are_one_app(on_demand, tmp_path):
    from mangaobs.lint import lint
    from mangaobs.template import worlds

    for name, shard in on_demand.inline_shards.items():
        (tmp_path / name).with_suffix(".json").write_text(json.dumps(shard))
    found = lint(worlds(sorted(tmp_path.glob("*.json")))).findings

    assert [one for one in found if one.verdict == "refuted"] == []
