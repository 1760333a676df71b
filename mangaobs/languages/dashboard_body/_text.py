"""A body as text."""

from __future__ import annotations

import json
from collections.abc import Mapping

from mangaobs.languages.dashboard_body._finding import Json


def dump(body: Mapping[str, object]) -> str:
    """The body as compact JSON; the order of keys is kept, so that equal bodies give equal text."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def load(text: str) -> Json:
    """The body that `text` holds; `ValueError` with line and column where it is no JSON, or no object."""
    body = json.loads(text)
    if not isinstance(body, dict):
        raise ValueError("a dashboard body is a JSON object")  # noqa: TRY004 - the text is wrong, not a type in code
    return body
