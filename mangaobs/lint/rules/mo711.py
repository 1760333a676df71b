"""An access log whose format API Gateway refuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mangaobs.catalog import did_you_mean
from mangaobs.lint import _words
from mangaobs.lint._found import Found, Spot
from mangaobs.lint._values import inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mangaobs.lint._app import App


_VARIABLE: Final = re.compile(r"\$context\.([\w.-]+)")


def check(app: App) -> Iterator[Found]:
    """Variables that do not exist, and a request id that is missing."""
    known = _words.of("context_variables.txt")
    families = tuple(one for one in known if one.endswith("."))
    for stage in app.of(
        "AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage", "AWS::Serverless::Api", "AWS::Serverless::HttpApi"
    ):
        for name in ("AccessLogSetting", "AccessLogSettings"):
            source = inside(stage.properties, name).get("Format")
            if not isinstance(source, str):
                continue
            spot = Spot.of(name, "Format")
            for found in _VARIABLE.finditer(source):
                if found[1] not in known and not found[1].startswith(families):
                    right = did_you_mean(found[1], known, "a variable of $context")
                    place = spot._replace(offset=found.start(), length=len(found[0]))
                    yield Found("MO711", stage, f"there is no variable {found[0]}", right, place)
            if "$context.requestId" not in source and "$context.extendedRequestId" not in source:
                yield Found("MO711", stage, "the format has no request id", "$context.requestId", spot)
