"""Bodies that keep a rule, and bodies that break it: (rule, path of the finding, body that breaks, body that keeps)."""

ROW = ["AWS/Lambda", "Errors", "FunctionName", "chat"]
ALARM = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:a"
OTHER = ["AWS/Lambda", "Throttles", "FunctionName", "chat"]


def metric(**properties):
    return page({"type": "metric", "properties": {"region": "eu-central-1", "metrics": [ROW], **properties}})


def rows(*metrics):
    return metric(metrics=list(metrics))


def alarmed(**properties):
    annotations = {"alarms": [ALARM], **properties.pop("more", {})}
    return page({"type": "metric", "properties": {"annotations": annotations, **properties}})


def log(query, **more):
    return page({"type": "log", "properties": {"region": "eu-central-1", "query": query, **more}})


def page(*widgets, **more):
    return {"widgets": list(widgets), **more}


def text(**place):
    return {"type": "text", "properties": {"markdown": "x"}, **place}


def variable(**fields):
    return page(variables=[{"id": "v", "type": "property", "property": "region", "inputType": "select", **fields}])


VALUES = [{"value": "a"}, {"value": "b", "label": "B"}]
FOUND = {"search": "{AWS/Lambda,FunctionName} Errors", "populateFrom": "FunctionName"}
TIME = "2026-11-24T12:00:00Z"
LONG = "SEARCH('" + "x" * 1025 + "', 'Sum')"
FITS = "SEARCH('" + "x" * 1024 + "', 'Sum')"
SHORT = "SEARCH('{AWS/Lambda,FunctionName} Errors', 'Sum')"

CASES = [
    ("R1", "", page(end=TIME), page(start=TIME, end=TIME)),
    ("R1", "/start", page(start="-PT3H", end=TIME), page(start="2026-11-24", end="2026-11-25")),
    ("R1", "/end", page(start=TIME, end="-PT3H"), page(start="-PT3H")),
    ("R1", "/widgets/0/properties", metric(end="P0D"), metric(start="-P0DT3H0M0S", end="P0D")),
    ("R2", "/start", page(start="-P3H"), page(start="-PT3H")),
    ("R2", "/start", page(start="-PT1D"), page(start="-P1D")),
    ("R2", "/start", page(start="yesterday"), page(start="-P3M")),
    ("R3", "/widgets/0", page(text(x=3)), page(text(x=3, y=0))),
    ("R3", "/widgets/0", page(text(y=3)), page(text())),
    ("R3", "/widgets/0", page(text(x=20, y=0)), page(text(x=18, y=0))),
    ("R4", "/widgets/0/properties", page({"type": "metric", "properties": {"region": "eu-west-1"}}), metric()),
    ("R4", "/widgets/0/properties", page({"type": "metric", "properties": {"metrics": [ROW]}}), alarmed()),
    ("R5", "/widgets/0/properties", alarmed(metrics=[ROW], region="eu-west-1"), alarmed()),
    ("R5", "/widgets/0/properties", alarmed(more={"horizontal": [{"value": 1}]}), alarmed()),
    ("R5", "/widgets/0/properties", alarmed(more={"vertical": [{"value": TIME}]}), alarmed()),
    ("R6", "/widgets/0/properties", metric(view="gauge"), metric(view="gauge", yAxis={"left": {"min": 0, "max": 9}})),
    ("R6", "/widgets/0/properties", metric(view="gauge", yAxis={"left": {"min": 0}}), metric(view="pie")),
    (
        "R7",
        "/widgets/0/properties",
        metric(view="singleValue", sparkline=True, setPeriodToTimeRange=True),
        metric(view="singleValue", sparkline=True, setPeriodToTimeRange=False),
    ),
    ("R8", "/widgets/0/properties/metrics/1", rows([*ROW, {"id": "a"}], [*OTHER, {"id": "a"}]),
     rows([*ROW, {"id": "a"}], [*OTHER, {"id": "b"}])),
    ("R8", "/widgets/0/properties/metrics/1", rows([*ROW, {"id": "a"}], [{"expression": "a / b"}]),
     rows([*ROW, {"id": "a"}], [{"expression": "IF(a > 1e5, a, FILL(a, 0)) + SUM(METRICS('a'))"}])),
    ("R9", "/widgets/0/properties/metrics/1",
     rows([{"expression": "SELECT MAX(x) FROM y"}], [{"expression": "SELECT MIN(x) FROM y"}]),
     rows([{"expression": "SELECT MAX(x) FROM y", "id": "q"}], [{"expression": "q * 2"}])),
    ("R9", "/widgets/0/properties/metrics/0", rows([{"expression": "SUM(SELECT MAX(CPU) FROM AWS)"}]),
     rows([{"expression": "SEARCH('SELECT', 'Sum')"}])),
    ("R10", "/variables/0", variable(), variable(values=VALUES)),
    ("R10", "/variables/0", variable(values=VALUES, **FOUND), variable(**FOUND)),
    ("R10", "/variables/0", variable(search="{x}"), variable(inputType="radio", values=VALUES)),
    ("R10", "/variables/0", variable(inputType="input", values=VALUES), variable(inputType="input")),
    ("R11", "/variables/0", variable(values=VALUES, defaultValue="c"),
     variable(values=VALUES, defaultValue="b")),
    ("R11", "/variables/0", variable(values=[{"value": 1}], defaultValue=True),
     variable(values=[{"value": 1}], defaultValue=1)),
    ("R11", "/variables/0", variable(values=VALUES, defaultValue="__FIRST"),
     variable(**FOUND, defaultValue="__FIRST")),
    ("R12", "/variables/0", variable(values=VALUES, pattern="x"), variable(values=VALUES)),
    ("R12", "/variables/0",
     page(variables=[{"id": "v", "type": "pattern", "inputType": "input"}]),
     page(variables=[{"id": "v", "type": "pattern", "pattern": "x", "inputType": "input"}])),
    ("R13", "/widgets/0/properties/metrics/0", rows([{"expression": LONG}]), rows([{"expression": FITS}])),
    ("R13", "/widgets/0/properties/metrics", rows(*[[{"expression": SHORT}]] * 101),
     rows(*[[{"expression": SHORT}]] * 100)),
    ("R14", "/widgets/0/properties/query", log("fields @message"), log("SOURCE '/aws/lambda/f' | fields @message")),
    ("R14", "/widgets/0/properties/query", log("| fields @message"),
     log("SELECT * FROM `/aws/lambda/f`", queryLanguage="SQL")),
    ("R15", "/widgets/1", page(text(x=0, y=0), text(x=5, y=5)), page(text(x=0, y=0), text(x=6, y=0), text(x=0, y=6))),
    ("R15", "/widgets/1", page(text(x=5, y=5), text(x=0, y=0)), page(text(), text())),
    ("R16", "/widgets/0/properties/metrics/0", rows(["AWS/Lambda", "Errors", "Functionname", "f"]), rows(ROW)),
    ("R16", "/widgets/0/properties/metrics/0", rows(["AWS/Lambda", "error", "FunctionName", "f"]), rows(["My", "own"])),
    ("R16", "/widgets/0/properties/metrics/0", rows(["My", "own", *"abcb"[:2], "b", "b", "b", "b"]),
     rows(["My", "own", "a", "b"])),
    ("R16", "/widgets/0/properties/metrics/0", rows(["My", "own", *(f"d{n}" for n in range(62))]),
     rows(["My", "own", *(f"d{n}" for n in range(60))])),
    ("R17", "/widgets/0/properties/metrics/0", rows([*ROW, {"id": "a", "visible": False}], OTHER),
     rows(OTHER, [*ROW, {"id": "a", "visible": False}])),
    ("R17", "/widgets/0/properties/metrics/0", rows([*ROW, {"visible": False}], OTHER),
     rows([*ROW, {"visible": False}], [*OTHER, {"color": "#112233"}])),
]  # fmt: skip

# One field: (level, path, body).
FIELDS = [
    ("error", "", {}),
    ("error", "/widgets", {"widgets": {}}),
    ("error", "/widgets/0", page(7)),
    ("error", "/widgets", page(*[text()] * 501)),
    ("error", "/variables", page(variables=[
        {"id": f"v{n}", "type": "property", "property": "p", "inputType": "input"} for n in range(26)
    ])),
    ("warning", "/variables/1", page(variables=[
        {"id": "v", "type": "property", "property": "p", "inputType": "input"} for _ in range(2)
    ])),
    ("error", "/variables/0/label", variable(values=VALUES, label="x" * 31)),
    ("error", "/variables/0/id", variable(values=VALUES, id="a b")),
    ("error", "/periodOverride", page(periodOverride="none")),
    ("warning", "/timeRange", page(timeRange="x")),
    ("error", "/widgets/0", page({"type": "text"})),
    ("error", "/widgets/0/type", page({"type": "graph", "properties": {}})),
    ("error", "/widgets/0/x", page(text(x=-1, y=0))),
    ("error", "/widgets/0/width", page(text(width=25))),
    ("error", "/widgets/0/width", page(text(width=6.5))),
    ("error", "/widgets/0/height", page(text(height=0))),
    ("error", "/widgets/0/properties", page({"type": "text", "properties": {}})),
    ("error", "/widgets/0/properties/view", metric(view="line")),
    ("error", "/widgets/0/properties/period", metric(period=90)),
    ("warning", "/widgets/0/properties/period", metric(period=10)),
    ("error", "/widgets/0/properties/stat", metric(stat="p101")),
    ("warning", "/widgets/0/properties/timezone", metric(timezone="Local")),
    ("error", "/widgets/0/properties/stacked", metric(stacked="true")),
    ("error", "/widgets/0/properties/yAxis/left/min", metric(yAxis={"left": {"min": "0"}})),
    ("error", "/widgets/0/properties/table/summaryColumns/0", metric(view="table", table={"summaryColumns": ["P99"]})),
    ("error", "/widgets/0/properties/annotations/horizontal/0", metric(annotations={"horizontal": [{}]})),
    ("error", "/widgets/0/properties/annotations/horizontal/0",
     metric(annotations={"horizontal": [[{"value": 1}]]})),
    ("error", "/widgets/0/properties/annotations/vertical/0/value",
     metric(annotations={"vertical": [{"value": "noon"}]})),
    ("error", "/widgets/0/properties/metrics", rows(*[ROW] * 501)),
    ("error", "/widgets/0/properties/metrics/0", rows([*ROW, {"yAxis": "top"}])),
    ("error", "/widgets/0/properties/metrics/0", rows([*ROW, {"id": "A"}])),
    ("warning", "/widgets/0/properties/metrics/0", rows([*ROW, {"color": "#abc"}])),
    ("warning", "/widgets/0/properties/metrics/0", rows([*ROW, {"colour": "#aabbcc"}])),
    ("error", "/widgets/0/properties/metrics/0", rows("AWS/Lambda")),
    ("error", "/widgets/0/properties/metrics/0", rows([*ROW, {"expression": "1"}])),
    ("error", "/widgets/0/properties/metrics/0", rows([])),
    ("error", "/widgets/0/properties/metrics/0", rows(["...", {"stat": "Sum"}])),
    ("error", "/widgets/0/properties/metrics/1", rows(ROW, [".", ".", ".", ".", ".", "x"])),
    ("warning", "/widgets/0/properties/metrics/0", rows([*ROW, {"label": "${LABEL} ${LABEL}"}])),
    ("warning", "/widgets/0/properties/metrics/0", rows([*ROW, {"label": "${MAX}" * 7}])),
    ("warning", "/widgets/0/properties/metrics/0", rows([*ROW, {"label": "${MEAN}"}])),
    ("warning", "/widgets", page(*[metric(metrics=[ROW] * 500)["widgets"][0]] * 6)),
    ("error", "/widgets/0/properties/alarms", page({"type": "alarm", "properties": {"alarms": [ALARM] * 101}})),
    ("error", "/widgets/0/properties/alarms/0", page({"type": "alarm", "properties": {"alarms": ["a"]}})),
    ("error", "/widgets/0/properties/states/0",
     page({"type": "alarm", "properties": {"alarms": [ALARM], "states": ["alarm"]}})),
    ("error", "/widgets/0/properties", page({"type": "custom", "properties": {"title": "x"}})),
    ("error", "/widgets/0/properties/metrics/0",
     page({"type": "explorer", "properties": {"labels": [], "metrics": [
         {"metricName": "Errors", "resourceType": "AWS::Lambda::Function"}]}})),
    ("error", "/widgets/0/properties",
     page({"type": "chart", "properties": {"view": "line", "region": "r"}})),
]  # fmt: skip

# Section 4 of the fact table: what the service said, and what is true: (body, dataPath, words of the true cause).
GOLDEN = [
    (page({"type": "metric", "properties": {}}), "/widgets/0/properties", ["region", "metrics", "annotations"]),
    (
        page(text(), {"type": "metric", "properties": {"data": {"queries": []}}}),
        "/widgets/1/properties",
        ["data", "'chart'"],
    ),
    (rows(ROW, [*OTHER, {"color": "red"}]), "/widgets/0/properties/metrics/1", ["'red'", "#RRGGBB"]),
    (
        page(*[text()] * 5, metric(metrics=[["AWS/Lambda", "Errors", "FunctionName"]])["widgets"][0]),
        "/widgets/5/properties/metrics/0",
        ["FunctionName", "no value"],
    ),
    (
        page(*[text()] * 5, metric(metrics=[["AWS/Lambda", "Errors", "FunctionName", {"Ref": "F"}, {}]])["widgets"][0]),
        "/widgets/5/properties/metrics/0",
        ["object", "before the end of the row"],
    ),
    (
        page({"type": "alarm", "properties": {"alarms": []}}),
        "/widgets/0/properties/alarms",
        ["alarms is empty", "1 or more"],
    ),
]
