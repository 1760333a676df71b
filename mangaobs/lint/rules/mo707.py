"""What a trace does not reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.lint._app import FUNCTIONS
from mangaobs.lint._found import Found
from mangaobs.lint._values import inside, truth
from mangaobs.template import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App
    from mangaobs.template import Resource


def check(app: App) -> Iterator[Found]:
    """Tracing of functions, stages and state machines."""
    for resource in app.of(*FUNCTIONS):
        given = resource.properties.get("TracingConfig", resource.properties.get("Tracing"))
        mode = inside(given).get("Mode") if isinstance(given, dict) else given
        if mode is None or mode in ("PassThrough", "Disabled"):
            yield _off(
                resource, "TracingConfig: {Mode: Active}" if "Serverless" not in resource.type else "Tracing: Active"
            )
    for resource in app.of("AWS::ApiGateway::Stage", "AWS::Serverless::Api"):
        if truth(resource.properties.get("TracingEnabled", False)) is False:
            yield _off(resource, "TracingEnabled: true")
    for resource in app.of("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine"):
        name = "TracingConfiguration" if "Serverless" not in resource.type else "Tracing"
        given = resource.properties.get(name)
        if not isinstance(given, Unknown) and truth(inside(given).get("Enabled", False)) is False:
            yield _off(resource, f"{name}: {{Enabled: true}}")


def _off(resource: Resource, right: str) -> Found:
    return Found("MO707", resource, f"{resource.id} is not traced", right)
