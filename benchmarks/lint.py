"""The linter beside cfn-lint, over growing templates, and over templates that are broken at random.

Each figure is CPU time of a process of its own, the median of several; ratios are of one run.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
BIN = Path(sys.executable).parent


def cpu(command, cwd, times=3):
    """Seconds of CPU, user and system, the median of some runs."""
    found = []
    # Both have their compiled modules, as after an installation: the first run is not counted.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for number in range(times + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(command, cwd=cwd, env=environment, check=False, **quiet)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if number == 0:
            continue
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found)


def lint(*arguments):
    return [sys.executable, "-m", "mangaobs", "lint", *arguments]


def grown(template, count):
    """A template of `count` alarms, tables and functions, as many of each, every one another's."""
    resources = {}
    for number in range(count // 3 + 1):
        resources[f"Function{number}"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": f"chat-{number}",
                "Runtime": "python3.12",
                "Handler": "chat.handler",
                "Role": {"Ref": f"Role{number}"},
                "Code": {"S3Bucket": "code", "S3Key": "chat.zip"},
                "TracingConfig": {"Mode": "Active"},
            },
        }
        resources[f"Role{number}"] = {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        }
        resources[f"Alarm{number}"] = {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                **template,
                "Dimensions": [{"Name": "FunctionName", "Value": {"Ref": f"Function{number}"}}],
                "AlarmDescription": f"number {number}",
            },
        }
    return {"Resources": dict(list(resources.items())[:count])}


ALARM = {
    "Namespace": "AWS/Lambda",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 0,
    "TreatMissingData": "notBreaching",
    "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:pages"],
}


def modules(template, folder):
    """How many modules of rules a run loads."""
    program = (
        "import sys; from pathlib import Path; from mangaobs.template import worlds; from mangaobs.lint import lint; "
        "lint(worlds([Path(sys.argv[1])])); print(sum(m.startswith('mangaobs.lint.rules.mo') for m in sys.modules))"
    )
    path = folder / "one.json"
    path.write_text(json.dumps(template))
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    return int(done.stdout)


def main():
    from mangaobs.lint import every_rule
    from tests.lint.mutations import shares

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-m", "mangaobs", "render", "-o", str(folder / "bundled.json")], check=True)
        bundled = json.loads((folder / "bundled.json").read_text())
        ours = cpu(lint("bundled.json"), folder, 5)
        theirs = cpu([str(BIN / "cfn-lint"), "bundled.json"], folder)
        print(f"the bundled template, {len(bundled['Resources'])} resources: {ours:.2f} s of CPU (goal 1.0)")
        print(f"cfn-lint on the same file: {theirs:.2f} s, {theirs / ours:.1f} times as much (goal 8)")
        start = cpu(lint("--help"), folder)
        times = {}
        for count in (125, 250, 500):
            (folder / f"{count}.json").write_text(json.dumps(grown(ALARM, count)))
            times[count] = cpu(lint(f"{count}.json", "--ignore", "MO7"), folder) - start
        print("resources, and CPU seconds beyond starting: " + ", ".join(f"{n}: {t:.3f}" for n, t in times.items()))
        print(f"twice the resources take {times[500] / times[250]:.2f} times as long (linear: 2)")
        alone = modules({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}, folder)
        print(f"rules loaded for a topic alone: {alone}, for the bundled template: {modules(bundled, folder)}, ")
        print(f"of {len(every_rule())}")
        found = shares(bundled, 10)
        print("broken at random, found of made:")
        for kind, (hits, made) in found.items():
            print(f"  {kind:<30} {hits:>3} of {made}")
        hits, made = (sum(one[at] for one in found.values()) for at in (0, 1))
        print(f"  {'all':<30} {hits:>3} of {made} = {hits / made:.0%}")


if __name__ == "__main__":
    main()
