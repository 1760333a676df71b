"""What may go into a trace: names, annotations, notes and causes, checked and bounded for every tracer alike.

Limits: names of 200 characters, annotation values of 1,000, 64 kB a document. Source: X-Ray developer guide, "X-Ray
segment documents" and "Quotas".
"""

from __future__ import annotations

import os

from mangaobs.runtime._facts import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from mangaobs.runtime._telemetry import Telemetry
    from mangaobs.runtime.tracer import Span

_IN_NAMES = frozenset("_.:/%&#=+\\-@ ")
_LONGEST_NAME = 200
_LONGEST_TEXT = 1000
_LARGEST_NOTE = 16_000
LARGEST_DOCUMENT = 64_000  # a document may have 64 kB, a datagram 65,507 bytes with its header
_MOST_FRAMES = 10


def clean_name(telemetry: Telemetry, name: str) -> str:
    """`name`, redacted as a text is, with only the characters that X-Ray takes in one."""
    name = telemetry.scrub(name)
    kept = "".join(c for c in name[:_LONGEST_NAME] if c.isalnum() or c in _IN_NAMES)
    return kept.encode("utf-8", "ignore").decode() or "unnamed"


def annotation(telemetry: Telemetry, name: str, value: object) -> str | int | float | None:
    """`value` as X-Ray can index it under `name`; None if it cannot, which is said once a name."""
    if not (name.isascii() and name.replace("_", "a").isalnum()):
        telemetry.problem("annotation", f"{name[:40]!r} is no name: letters, digits and _")
        return None
    names = telemetry.names
    if names is not None:
        from mangaobs.runtime._redact import NAME, REDACTED, WHOLE, scrub

        if names[name] == NAME:
            telemetry.problem("annotation", "a name looks like somebody's data")
            return None
    kind = type(value)
    if kind is str:
        text: str = value  # type: ignore[assignment]
        if names is not None:
            text = REDACTED if names[name] == WHOLE else scrub(text[: 2 * _LONGEST_TEXT])
        return text[:_LONGEST_TEXT].encode("utf-8", "backslashreplace").decode()
    if names is not None and kind is not bool and names[name] == WHOLE:
        return REDACTED
    if kind is bool or (kind is int and abs(value) < 2**63) or (kind is float and value - value == 0):  # type: ignore[arg-type, operator]
        return value  # type: ignore[return-value]
    from mangaobs.runtime._clean import cleaned

    plain = cleaned({name: value}, _LONGEST_TEXT, names)[0].get(name)
    if type(value).__name__ == "Decimal" and isinstance(plain, (int, float)):
        return plain
    telemetry.problem("annotation", f"{name} is a {type_name(value)}: X-Ray indexes texts, numbers and booleans")
    return None


def annotate(telemetry: Telemetry, span: Span, name: str, value: object) -> None:
    """Annotate `span`, if X-Ray can index that; otherwise say so."""
    indexed = annotation(telemetry, name, value)
    if indexed is not None:
        span.annotate(name, indexed)


def note(telemetry: Telemetry, span: Span, name: str, value: object) -> None:
    """Keep `value` beside `span`: cleaned, redacted and bounded as a log line's fields are."""
    from mangaobs.runtime._clean import cleaned

    fields, truncated = cleaned({name: value}, _LARGEST_NOTE, telemetry.names)
    if truncated:
        telemetry.problem("trace_note", f"{name} was shortened")
    for key, plain in fields.items():
        span.note(key, plain)


def cause_of(error: BaseException, cause_id: str, *, remote: bool) -> dict[str, object]:
    """X-Ray's `cause` of a failure: the type and where it came through, without the message."""
    stack: list[dict[str, object]] = []
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        path = os.path.basename(code.co_filename)  # noqa: PTH119 - as X-Ray shows it, without its folder
        stack.append({"path": path, "line": trace.tb_lineno, "label": code.co_name})
        trace = trace.tb_next
    exception: dict[str, object] = {"id": cause_id, "type": type_name(error), "remote": remote}
    exception["stack"] = stack[-_MOST_FRAMES:]
    return {"working_directory": os.environ.get("LAMBDA_TASK_ROOT", ""), "exceptions": [exception]}


def parse_header(header: str) -> tuple[str, str, str] | None:
    """The trace's id, the segment's id and the rest (`;Lineage=…`) of a sampled trace header; None for any other."""
    parts = header.split(";")
    if len(parts) < 3 or parts[2] != "Sampled=1" or not (parts[0][:5] == "Root=" and parts[1][:7] == "Parent="):
        # As Lambda never writes it, though it may.
        fields = dict(part.strip().split("=", 1) for part in parts if "=" in part)
        if fields.pop("Sampled", "") != "1":
            return None
        parts = [f"Root={fields.pop('Root', '')}", f"Parent={fields.pop('Parent', '')}", ""]
        parts.extend(f"{name}={value}" for name, value in fields.items())
    root, parent = parts[0][5:], parts[1][7:]
    if not (parent.isalnum() and parent.isascii() and root.isascii() and root.replace("-", "").isalnum()):
        return None
    return root, parent, "".join([f";{part}" for part in parts[3:] if part]) if len(parts) > 3 else ""
