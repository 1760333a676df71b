"""Recordings and templates written by a test."""

from __future__ import annotations

import json
from pathlib import Path

from mangaobs.recording import Recording
from mangaobs.replay import replay
from mangaobs.template import read

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
MINUTE = 60_000


class World:
    """A folder with a template and a recording, filled by a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.resources: dict[str, dict] = {}
        self.samples: list[dict] = []
        self.logs: dict[str, list[dict]] = {}
        self.trail: list[dict] = []
        self.history: list[dict] = []
        self.minutes = 60

    def alarm(self, name="A", **more):
        """An alarm on N M, Sum of a minute, > 0, 1 of 1, not breaching."""
        properties = {
            "Namespace": "N",
            "MetricName": "M",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            **more,
        }
        self.add(name, "AWS::CloudWatch::Alarm", {key: one for key, one in properties.items() if one is not None})

    def composite(self, name, rule, **more):
        self.add(name, "AWS::CloudWatch::CompositeAlarm", {"AlarmRule": rule, **more})

    def add(self, name, type_, properties):
        self.resources[name] = {"Type": type_, "Properties": properties}

    def series(self, values, metric="M", namespace="N", dimensions=None, step=MINUTE, start=0, **more):
        """A value a step, None for none."""
        for index, value in enumerate(values):
            if value is not None:
                values_ = value if isinstance(value, list) else [value]
                self.samples.append(
                    {
                        "namespace": namespace,
                        "metric": metric,
                        "dimensions": dimensions or {},
                        "timestamp": START + start * MINUTE + index * step,
                        "values": values_,
                        **more,
                    }
                )

    def log(self, minute, message, group="/g"):
        text = message if isinstance(message, str) else json.dumps(message)
        self.logs.setdefault(group, []).append({"timestamp": START + minute * MINUTE + 1, "message": text})

    def replay(self, options=None):
        recording = self.folder / "recording"
        for name in ("logs", "cloudtrail"):
            (recording / name).mkdir(parents=True, exist_ok=True)
        end = START + self.minutes * MINUTE
        (recording / "recording.json").write_text(
            json.dumps({"format_version": 1, "start": iso(START), "end": iso(end)})
        )
        lines(recording / "metrics.jsonl", self.samples)
        lines(recording / "alarm_history.jsonl", self.history)
        for group, events in self.logs.items():
            lines(recording / "logs" / f"{group.replace('/', '%2F')}.jsonl", events)
        (recording / "cloudtrail" / "one.json").write_text(json.dumps({"Records": self.trail}))
        template = self.folder / "template.json"
        template.write_text(json.dumps({"Resources": self.resources}))
        return replay(read([template]), Recording(recording), options)

    def moves(self, name="A", options=None):
        """The changes of an alarm as `minute state`, counted from the start."""
        made = self.replay(options)
        assert not made.unevaluated, made.unevaluated
        return moves(made, name)


def moves(made, name):
    (course,) = [one for one in made.alarms if one.name == name]
    return [f"{(change.at - START) / MINUTE:g} {change.after.name}" for change in course.changes]


def lines(path, objects):
    path.write_text("".join(json.dumps(one) + "\n" for one in objects))


def iso(at):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at / 1000, UTC).isoformat()
