"""The facts of the DashboardBody: fields, values, ranges and limits, each with the letter of its source.

What the service was only *seen* to take is marked by its source; `SOURCES` says what the letters mean. Nothing here was
checked against a live PutDashboard call.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

SOURCES = {
    "D": "CloudWatch API reference, Dashboard Body Structure and Syntax (read 2026-04-13)",
    "Q": "CloudWatch User Guide: quotas, SEARCH expressions and dynamic labels (2023 and 2026)",
    "C": "what aws-cdk-lib 2.276.0 emits",
    "S": "messages of the service itself, quoted in public issues",
    "W": "seen in dashboards in public repositories (863 widgets)",
    "G": "CloudWatch API reference, GetMetricData and GetMetricWidgetImage",
}

COLUMNS = 24  # D
DEFAULT_WIDTH = DEFAULT_HEIGHT = 6  # D


class Limit(NamedTuple):
    """A limit on how many there are of something, or how long it is."""

    least: float
    most: float
    source: str
    note: str = ""


LIMITS: dict[str, Limit] = {
    "widgets_per_dashboard": Limit(0, 500, "D"),
    "metrics_per_widget": Limit(0, 500, "D", "metrics fetched for math alone count"),
    "metrics_per_dashboard": Limit(
        0, 2500, "Q", "in the quotas of 2023, not restated in 2026: exceeding it is a warning"
    ),
    "variables_per_dashboard": Limit(0, 25, "D"),
    "values_per_variable": Limit(1, 500, "D"),
    "dashboard_name_chars": Limit(1, 255, "D", "letters, digits, - and _; a body has no documented limit in bytes"),
    "alarm_widget_alarms": Limit(1, 100, "D, S"),
    "alarm_annotation_alarms": Limit(0, 1, "D"),
    "explorer_metrics": Limit(1, 100, "D"),
    "search_expression_chars": Limit(0, 1024, "Q"),
    "search_expressions_per_graph": Limit(0, 100, "Q"),
    "timeseries_per_graph": Limit(0, 500, "Q"),
    "metrics_insights_queries_per_widget": Limit(0, 1, "D"),
    "dynamic_values_per_label": Limit(0, 6, "Q", "5 until 2023"),
    "label_token_LABEL_per_label": Limit(0, 1, "Q"),
    "dimensions_per_metric": Limit(0, 30, "G"),
}

Kind: TypeAlias = Literal[
    "string", "int", "number", "bool", "scalar", "any", "object", "array", "statistic", "time", "annotation"
]


class Field(NamedTuple):
    """A field of an object.

    Of an `object`, `shape` names its own fields; of an `array`, `item` is what it holds and `least` and `most` count
    its items. `tolerated` matches what breaks `values`, `step` or `pattern` and is only warned of; `loose` makes that
    hold of everything. `right` says what the pattern asks for.
    """

    kind: Kind
    source: str = "D"
    required: bool = False
    values: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    step: int = 0
    longest: int = 0
    pattern: str = ""
    right: str = ""
    tolerated: str = ""
    loose: bool = False
    shape: str = ""
    item: Field | None = None
    default: object = None
    note: str = ""


class Shape(NamedTuple):
    """The fields of an object; `unknown` says whether other keys are warned of or go through."""

    name: str
    fields: dict[str, Field]
    unknown: Literal["warn", "allow"] = "warn"
    hints: Mapping[str, str] = MappingProxyType({})


_TEXT = Field("string")
_FLAG = Field("bool")
_ANY = Field("any", "C, W")
_ALARM = Field("string", pattern=r"arn:.+:alarm:.+", right="the ARN of an alarm, arn:aws:cloudwatch:…:alarm:<name>")
_COLOR = Field(
    "string",
    "D, S",
    pattern=r"#[0-9A-Fa-f]{6}",
    tolerated=r"#[0-9A-Fa-f]{3}",
    right="#RRGGBB, for example '#d62728'",
)
_PERIOD = Field("int", least=60, step=60, tolerated=r"1|5|10|30", default=300, note="finer ones: GetMetricWidgetImage")
_LEGEND = Field("object", shape="legend")
_AXIS = Field("object", shape="axis")
_RANGE = Field("string", "C, W", note="a widget's own time range")


def _one_of(*values: str, source: str = "D", default: str | None = None, required: bool = False) -> Field:
    return Field("string", source, values=values, default=default, required=required)


def _list_of(item: Field, least: float | None = None, most: float | None = None, *, required: bool = False) -> Field:
    return Field("array", item.source, item=item, least=least, most=most, required=required)


_REQUIRED_TEXT = Field("string", required=True)

_ALL: tuple[Shape, ...] = (
    Shape(
        "dashboard",
        {
            "widgets": _list_of(Field("object"), 0, 500, required=True),
            "variables": _list_of(Field("object"), 0, 25),
            "start": Field("string", note="absolute, -PT<n>(M|H) or -P<n>(D|W|M)"),
            "end": Field("string", note="needs start"),
            "periodOverride": _one_of("auto", "inherit", default="auto"),
        },
    ),
    Shape(
        "widget",
        {
            "type": _one_of(
                "metric", "text", "log", "alarm", "explorer", "custom", "chart", source="D, S, C, W", required=True
            ),
            "x": Field("int", least=0, most=COLUMNS - 1),
            "y": Field("int", least=0),
            "width": Field("int", least=1, most=COLUMNS, default=DEFAULT_WIDTH),
            "height": Field("int", least=1, most=1000, default=DEFAULT_HEIGHT),
            "properties": Field("object", required=True),
        },
    ),
    Shape(
        "variable",
        {
            "type": _one_of("property", "pattern", required=True),
            "property": _TEXT,
            "pattern": _TEXT,
            "inputType": _one_of("input", "select", "radio", required=True),
            "id": Field(
                "string", required=True, pattern=r"[0-9A-Za-z_-]{1,32}", right="1 to 32 letters, digits, - and _"
            ),
            "label": Field("string", longest=30),
            "values": _list_of(Field("object", shape="value"), 1, 500),
            "search": Field("string", longest=2048),
            "populateFrom": _TEXT,
            "defaultValue": Field("scalar", longest=255),
            "visible": Field("bool", default=True),
        },
    ),
    Shape("value", {"value": Field("scalar", required=True, longest=255), "label": Field("string", longest=255)}),
    Shape(
        "text",
        {"markdown": _REQUIRED_TEXT, "background": _one_of("solid", "transparent", default="solid")},
        hints={"transparent": 'write "background": "transparent"', "title": "write it as a heading in the markdown"},
    ),
    Shape(
        "log",
        {
            "query": _REQUIRED_TEXT,
            "region": _REQUIRED_TEXT,
            "title": _TEXT,
            "view": _one_of("table", "timeSeries", "bar", "pie", default="table"),
            "stacked": Field("bool", "C, W"),
            "accountId": _TEXT,
            "queryLanguage": Field("string", "C, W", note="CWLI, Logs, SQL, LOGSQL and PPL were seen: free text"),
            "queryBy": Field("string", "W", note="logGroupName, logGroupPrefix"),
            "logGroupPrefixes": Field("object", "W"),
        },
        "allow",
    ),
    Shape(
        "metric",
        {
            "metrics": _list_of(_ANY, 0, 500),
            "annotations": Field("object", shape="annotations"),
            "region": _TEXT,
            "accountId": _TEXT,
            "title": _TEXT,
            "view": _one_of("timeSeries", "singleValue", "gauge", "bar", "pie", "table", default="timeSeries"),
            "stacked": Field("bool", default=False),
            "sparkline": _FLAG,
            "stat": Field("statistic", default="Average"),
            "period": _PERIOD,
            "yAxis": Field("object", shape="yAxis"),
            "legend": _LEGEND,
            "liveData": Field("bool", default=False),
            "timezone": Field(
                "string",
                "D, W",
                pattern=r"[+-][0-9]{4}",
                right="an offset such as '+0130'",
                default="+0000",
                loose=True,
                note="consoles write 'Local' and 'UTC'",
            ),
            "table": Field("object", shape="table"),
            "setPeriodToTimeRange": Field("bool", "C, W", default=False),
            "singleValueFullPrecision": Field("bool", "C, W", default=False),
            "trend": Field("bool", "W"),
            "labels": Field("object", "C", shape="labels"),
            "copilot": Field("bool", "W"),
            "start": _RANGE,
            "end": _RANGE,
        },
        "allow",
    ),
    Shape("legend", {"position": _one_of("right", "bottom", "hidden", default="bottom")}),
    Shape("labels", {"visible": Field("bool", "C")}),
    Shape("yAxis", {"left": _AXIS, "right": _AXIS}),
    Shape(
        "axis",
        {
            "min": Field("number"),
            "max": Field("number"),
            "label": _TEXT,
            "showUnits": Field("bool", default=True),
        },
    ),
    Shape(
        "table",
        {
            "layout": _one_of("horizontal", "vertical", default="horizontal"),
            "stickySummary": Field("bool", default=False),
            "showTimeSeriesData": Field("bool", default=True),
            "summaryColumns": _list_of(_one_of("MIN", "MAX", "SUM", "AVG")),
        },
    ),
    Shape(
        "options",  # at the end of a row of `metrics`, or all of an expression's row
        {
            "color": _COLOR,
            "label": _TEXT,
            "period": _PERIOD,
            "stat": Field("statistic"),
            "visible": Field("bool", default=True),
            "yAxis": _one_of("left", "right", default="left"),
            "id": Field(
                "string",
                "D, G",
                pattern=r"[a-z][A-Za-z0-9_]{0,254}",
                right="a lower-case letter, then letters, digits and _",
            ),
            "expression": _TEXT,
            "region": _TEXT,
            "accountId": _TEXT,
        },
    ),
    Shape(
        "annotations",
        {
            "alarms": _list_of(_ALARM, 0, 1),
            "horizontal": _list_of(Field("annotation", shape="horizontal")),
            "vertical": _list_of(Field("annotation", shape="vertical")),
        },
    ),
    Shape(
        "horizontal",
        {
            "value": Field("number", required=True),
            "label": _TEXT,
            "color": _COLOR._replace(loose=True),
            "fill": _one_of("above", "below", "none", default="none"),
            "visible": Field("bool", default=True),
            "yAxis": _one_of("left", "right"),
        },
    ),
    Shape(
        "vertical",
        {
            "value": Field("time", required=True),
            "label": _TEXT,
            "color": _COLOR._replace(loose=True),
            "fill": _one_of("before", "after", "none", default="none"),
            "visible": Field("bool", default=True),
        },
    ),
    Shape(
        "alarm",
        {
            "alarms": _list_of(_ALARM, 1, 100, required=True),
            "sortBy": _one_of("default", "stateUpdatedTimestamp", "timestamp", default="default"),
            "states": _list_of(_one_of("ALARM", "INSUFFICIENT_DATA", "OK")),
            "title": _TEXT,
        },
    ),
    Shape(
        "explorer",
        {
            "metrics": _list_of(Field("object", shape="explorer_metric"), 1, 100, required=True),
            "labels": _list_of(Field("object", shape="explorer_label"), required=True),
            "aggregateBy": Field("object", shape="aggregateBy"),
            "splitBy": _TEXT,
            "period": _PERIOD._replace(tolerated=""),
            "title": Field("string", default="Explorer"),
            "widgetOptions": Field("object", shape="widgetOptions"),
        },
    ),
    Shape(
        "explorer_metric",
        {
            "metricName": _REQUIRED_TEXT,
            "resourceType": _REQUIRED_TEXT,
            "stat": Field("statistic", required=True),
        },
    ),
    Shape("explorer_label", {"key": _REQUIRED_TEXT, "value": _TEXT}),
    Shape(
        "aggregateBy",
        {"key": _REQUIRED_TEXT, "func": _one_of("AVG", "MIN", "MAX", "STDDEV", "SUM", required=True)},
    ),
    Shape(
        "widgetOptions",
        {
            "legend": _LEGEND,
            "rowsPerPage": Field("int", least=1),
            "widgetsPerRow": Field("int", least=1),
            "stacked": _FLAG,
            "view": _one_of("timeSeries", "bar", "pie", default="timeSeries"),
        },
    ),
    Shape(
        "custom",
        {
            "endpoint": Field(
                "string",
                "C, W",
                required=True,
                pattern=r"arn:.+:lambda:.+:function:.+",
                right="the ARN of a Lambda function, arn:aws:lambda:…:function:<name>",
                loose=True,
            ),
            "params": _ANY,
            "title": Field("string", "C, W"),
            "updateOn": Field("object", "C, W", shape="updateOn"),
        },
    ),
    Shape("updateOn", dict.fromkeys(("refresh", "resize", "timeRange"), Field("bool", "C, W"))),
    Shape(
        "chart",  # PromQL, 2026: inferred from 29 widgets in two repositories
        {
            "view": Field("string", "W", required=True, note="line, number, pie and solidgauge were seen"),
            "region": Field("string", "W", required=True),
            "title": Field("string", "W"),
            "data": Field("object", "W", required=True, shape="chart_data"),
            "plotOptions": Field("object", "W"),
        },
        "allow",
    ),
    Shape("chart_data", {"queries": Field("array", "W", required=True, item=Field("object", "W"))}, "allow"),
)
SHAPES: dict[str, Shape] = {shape.name: shape for shape in _ALL}


LABEL_TOKENS = frozenset(
    {
        *("AVG", "DATAPOINT_COUNT", "FIRST", "FIRST_LAST_RANGE", "FIRST_LAST_TIME_RANGE", "FIRST_TIME"),
        *("FIRST_TIME_RELATIVE", "LABEL", "LAST", "LAST_TIME", "LAST_TIME_RELATIVE", "MAX", "MAX_TIME"),
        *("MAX_TIME_RELATIVE", "MIN", "MIN_MAX_RANGE", "MIN_MAX_TIME_RANGE", "MIN_TIME", "MIN_TIME_RELATIVE", "SUM"),
    }
)  # Q
LABEL_PROPERTIES = (
    "AccountId",
    "AccountLabel",
    "MetricName",
    "Namespace",
    "Period",
    "Region",
    "Stat",
)  # Q; and Dim.<name>

MATH_FUNCTIONS = frozenset(
    {
        *("ABS", "ANOMALY_DETECTION_BAND", "AVG", "CEIL", "DATAPOINT_COUNT", "DATE", "DAY", "DB_PERF_INSIGHTS", "DIFF"),
        *("DIFF_TIME", "EPOCH", "FILL", "FIRST", "FLOOR", "HOUR", "IF", "INSIGHT_RULE_METRIC", "LAMBDA", "LAST", "LOG"),
        *("LOG10", "MAX", "METRICS", "METRIC_COUNT", "MIN", "MINUTE", "MONTH", "PERIOD", "RATE", "REMOVE_EMPTY"),
        *("RUNNING_SUM", "SEARCH", "SERVICE_QUOTA", "SLICE", "SORT", "STDDEV", "SUM", "TIME_SERIES", "YEAR"),
        *("AND", "OR"),  # operators, which a bracket may follow
    }
)  # Q

# D: what a metrics explorer can show.
_RESOURCES = """
AmazonMQ::Broker ApiGateway::RestApi AppStream::Fleet AppSync::GraphQLApi CloudFront::Distribution CodeBuild::Project
Datasync::Agent Datasync::Task DMS::ReplicationInstance DynamoDB::Table EC2::CapacityReservation EC2::Instance
EC2::NatGateway EC2::TransitGateway EC2::Volume EC2::VPNConnection ECS::Cluster EFS::FileSystem
ElastiCache::CacheCluster ElastiCache::ReplicationGroup ElasticBeanstalk::Environment
ElasticLoadBalancing::LoadBalancer ElasticLoadBalancingV2::LoadBalancer/ApplicationELB
ElasticLoadBalancingV2::LoadBalancer/GatewayELB ElasticLoadBalancingV2::LoadBalancer/NetworkELB
ElasticLoadBalancingV2::TargetGroup EMR::Cluster Events::Rule FSx::FileSystem GameLift::Fleet
GlobalAccelerator::Accelerator IoT::TopicRule IoT1Click::Device IoTAnalytics::Channel IoTAnalytics::Dataset
IoTAnalytics::Datastore IoTAnalytics::Pipeline Kafka::Cluster Kinesis::Stream KinesisAnalytics::Application
KinesisFirehose::DeliveryStream KinesisVideo::Stream KMS::Key Lambda::Function Logs::LogGroup MediaPackage::Channel
MediaStore::Container OpsWorks::Instance OpsWorks::Layer OpsWorks::Stack QLDB::Ledger RDS::DBInstance Redshift::Cluster
RoboMaker::SimulationJob Route53::HealthCheck Route53Resolver::ResolverEndpoint S3::Bucket SageMaker::Endpoint
ServiceCatalog::CloudFormationProduct SES::ConfigurationSet SNS::Topic SQS::Queue StepFunctions::Activity
StepFunctions::StateMachine StorageGateway::Gateway Synthetics::Canary Transfer::Server WorkMail::Organization
WorkSpaces::Workspace
"""
RESOURCE_TYPES = frozenset(f"AWS::{name}" for name in _RESOURCES.split())
