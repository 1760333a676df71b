"""The configurations that the proofs are made in: each the bundled project with another `mangaobs.toml`."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from mangaobs.model.observability import Observability
from mangaobs.project.build import load_observability
from mangaobs.render import render, render_shards

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("alarms", "dashboards", "queries", "handlers")
INLINE = 51_200  # CreateStack's TemplateBody

PROVISIONED = """
application = "manga-shop"
environment = "prod"
query_folder = "{application}"

[tags]
team = "manga"

[runbooks]
base_url = "https://wiki.example.com/runbooks/"

# One topic by its ARN, one that another stack exports, one by a Systems Manager parameter.
[routing.critical]
topic = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:oncall-pages"

[routing.warning]
topic = { import = "oncall-tickets-topic" }

[routing.info]
topic = { ssm = "/oncall/records-topic" }

[tables.orders]
name = "manga-shop-orders"
billing = "provisioned"
read_capacity = { min = 5, max = 200, target_utilization = 60 }
write_capacity = { min = 5, max = 100 }
operations = ["GetItem", "PutItem", "Query", "TransactWriteItems", "GetRecords"]
stream = true

[tables.orders.indexes.customer]
name = "by-customer"
read_capacity = { min = 5, max = 50 }
write_capacity = { min = 5, max = 50 }

[tables.orders.indexes.state]
name = { parameter = "StateIndex", default = "by-state" }
read_capacity = { min = 1, max = 10 }
write_capacity = { min = 1, max = 10 }

[tables.audit]
name = "manga-shop-audit"
max_read_request_units = 1000
max_write_request_units = 500

[functions.message]
name = "manga-shop-message"
timeout = 29
event_source = "api"
log_group = "/manga-shop/message"

[functions.stream]
name = { parameter = "StreamFunction", default = "manga-shop-stream" }
timeout = 60
event_source = "dynamodb-stream"
event_source_mapping = { parameter = "StreamMapping", default = "8e2f1c1e-0000-4000-8000-000000000001" }

[functions.nightly]
name = "manga-shop-nightly"
timeout = 900
event_source = "schedule"

[apis.chat]
kind = "http"
id = { import = "manga-shop-api-id" }
access_log_group = "/manga-shop/access"

[models.chat]
id = "anthropic.claude-3-5-sonnet-20241022-v2:0"
tokens_per_minute = 100_000

[streams.events]
name = "manga-shop-events"

[queues.orders]
name = "manga-shop-orders"

[state_machines.handoff]
arn = { import = "manga-shop-handoff-arn" }
kind = "express"

[rules.nightly]
name = "nightly"
bus = "manga-shop"

[caches.carts]
kind = "serverless"
name = "manga-shop-carts"

[dax.orders]
cluster = "manga-shop-dax"
nodes = ["manga-shop-dax-a"]

[trail]
log_group = { ssm = "/audit/trail-log-group" }

[logs]
create = true
retention_days = 90
kms_key = { parameter = "LogKey", default = "arn:aws:kms:us-east-1:111122223333:alias/logs" }

[alarms]
query_p99_ms = 40
"""

# What stands behind the imports and SSM parameters of PROVISIONED, as another stack would have made it.
EXPORTS = {
    "oncall-tickets-topic": "arn:aws:sns:us-east-1:000000000000:oncall-tickets",
    "manga-shop-api-id": "a1b2c3d4e5",
    "manga-shop-handoff-arn": "arn:aws:states:us-east-1:000000000000:stateMachine:manga-shop-handoff",
}
SSM = {
    "/oncall/records-topic": "arn:aws:sns:us-east-1:000000000000:oncall-records",
    "/audit/trail-log-group": "/audit/trail",
}


def large(tables: int = 100, functions: int = 600) -> str:
    """As many tables and functions as said, of every billing mode and event source."""
    lines = ['application = "manga-fleet"', "[tags]", 'team = "fleet"', "[runbooks]", 'base_url = "https://wiki.test"']
    for number in range(tables):
        name = f"table-{number:03d}"
        lines += [f"[tables.{name}]", f'name = "manga-fleet-{name}"']
        if number % 3 == 0:
            lines += ['billing = "provisioned"', *_capacities()]
        if number % 2 == 0:
            lines += [f"[tables.{name}.indexes.owner]", 'name = "by-owner"']
            if number % 3 == 0:
                lines += _capacities()
    sources = ("api", "sqs", "schedule", "none", "authorizer", "step-functions")
    for number in range(functions):
        name = f"function-{number:03d}"
        lines += [f"[functions.{name}]", f'name = "manga-fleet-{name}"', "timeout = 30"]
        lines.append(f'event_source = "{sources[number % len(sources)]}"')
    lines += ["[apis.chat]", 'kind = "rest"', 'name = "manga-fleet"', 'stage = "live"']
    lines += ["[trail]", 'log_group = "/audit/trail"', "data_events = true"]
    return "\n".join(lines) + "\n"


def _capacities() -> list[str]:
    return ["read_capacity = { min = 5, max = 100 }", "write_capacity = { min = 5, max = 100 }"]


def make_project(folder: Path, configuration: str) -> Path:
    """The bundled definitions under another configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        (folder / name).symlink_to(ROOT / name, target_is_directory=True)
    (folder / "mangaobs.toml").write_text(configuration, encoding="utf-8")
    return folder


class Rendered:
    """One configuration, loaded once and rendered where it is asked for."""

    def __init__(self, name: str, project: Path) -> None:
        self.name = name
        self.project = project

    @cached_property
    def observability(self) -> Observability:
        return load_observability(self.project)

    @cached_property
    def template(self) -> dict[str, Any]:
        return render(self.observability)

    @cached_property
    def shards(self) -> dict[str, dict[str, Any]]:
        return render_shards(self.observability, {})[0]

    @cached_property
    def inline_shards(self) -> dict[str, dict[str, Any]]:
        """Shards that CreateStack takes in the request itself."""
        return render_shards(self.observability, {}, max_bytes=INLINE)[0]

    def __repr__(self) -> str:
        return f"Rendered({self.name!r})"


class Resource(NamedTuple):
    """A resource of a template, for tests that look for some."""

    id: str
    type: str
    properties: dict[str, Any]
    contract: dict[str, Any]


def resources(template: dict[str, Any], *types: str) -> list[Resource]:
    """The resources of `template`, of these types where any are given."""
    return [
        Resource(id, tree["Type"], tree.get("Properties", {}), tree.get("Metadata", {}).get("mangaobs", {}))
        for id, tree in template["Resources"].items()
        if not types or tree["Type"] in types
    ]
