"""The tracer that uses the AWS X-Ray SDK's recorder.

The SDK is loaded when the first sampled invocation begins. Subsegments are the SDK's own and are made current in its
recorder, so that what code or libraries trace with the SDK themselves lies within them. Messages of exceptions are kept
out, which the SDK would put in.
"""

from __future__ import annotations

from aws_xray_sdk import global_sdk_config
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.models.facade_segment import FacadeSegment
from aws_xray_sdk.core.models.subsegment import Subsegment
from aws_xray_sdk.core.models.trace_header import TraceHeader

from mangaobs.runtime._span_values import LARGEST_DOCUMENT, cause_of, clean_name, parse_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aws_xray_sdk.core.models.entity import Entity

    from mangaobs.runtime._telemetry import Telemetry


class SdkTracer:
    """Opens spans in the SDK's recorder."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.telemetry = telemetry
        self.random = telemetry.settings.random
        self.open_ids: set[str] = set()
        # As the SDK has it in Lambda: each subsegment is sent when it ends.
        xray_recorder.configure(streaming_threshold=0)
        if telemetry.settings.daemon_address:
            xray_recorder.configure(daemon_address=telemetry.settings.daemon_address)

    def begin(self, header: str) -> SdkSpan | None:
        """The segment that Lambda made."""
        parsed = parse_header(header)
        if parsed is None or not global_sdk_config.sdk_enabled():
            return None
        root, parent, _ = parsed
        segment = FacadeSegment(name="facade", traceid=root, entityid=parent, sampled=True)
        segment.save_origin_trace_header(TraceHeader.from_header_str(header))
        return SdkSpan(self, segment, None, {})

    def open(self, parent: SdkSpan, name: str, started: float, namespace: str = "local") -> SdkSpan:
        """A subsegment within `parent`, or within what the code itself has opened there with the SDK."""
        above = parent.entity
        parent.described.clear()  # whatever failed before was dealt with
        segment = getattr(above, "parent_segment", above)
        current = xray_recorder.get_trace_entity()
        if getattr(current, "parent_id", None) == above.id and current.id not in self.open_ids and current.in_progress:
            above = current
        if not above.in_progress:  # work that outlives what began it
            above = segment
        entity = Subsegment(clean_name(self.telemetry, name), namespace, segment)
        entity.start_time = started
        above.add_subsegment(entity)
        self.open_ids.add(entity.id)
        if namespace != "aws":  # an AWS call has nothing inside, and may end elsewhere
            xray_recorder.set_trace_entity(entity)
        return SdkSpan(self, entity, above, parent.described)


class SdkSpan:
    """A subsegment of the SDK; `described` holds the exceptions that have been described in this trace."""

    __slots__ = ("_above", "_size", "_tracer", "described", "entity")

    def __init__(
        self, tracer: SdkTracer, entity: Entity, above: Entity | None, described: dict[int, tuple[BaseException, str]]
    ) -> None:
        self._tracer = tracer
        self.entity = entity
        self._above = above
        self._size = 0  # of what was noted and annotated, at most
        self.described = described

    @property
    def header(self) -> str:
        segment = getattr(self.entity, "parent_segment", self.entity)
        origin = segment.get_origin_trace_header()
        text: str = TraceHeader(
            root=self.entity.trace_id, parent=self.entity.id, sampled=1, data=origin.data if origin else None
        ).to_header_str()
        return text

    def annotate(self, name: str, value: str | float | bool) -> None:  # noqa: FBT001 - as the protocol has it
        self._size += _most_bytes(value)
        self.entity.put_annotation(name, value)

    def note(self, name: str, value: object) -> None:
        self._size += _most_bytes(value)
        self.entity.put_metadata(name, value)

    def aws(self, fields: dict[str, object], status: int | None) -> None:
        self._size += _most_bytes(fields)
        self.entity.set_aws(fields)
        if status is not None:
            self.entity.put_http_meta("status", status)

    def fault(self) -> None:
        self.entity.add_fault_flag()

    def progress(self) -> None:
        xray_recorder.emitter.send_entity(self.entity)

    def close(self, ended: float, error: BaseException | None, *, remote: bool = False) -> None:
        entity = self.entity
        self._tracer.open_ids.discard(entity.id)
        if isinstance(error, Exception):
            entity.add_fault_flag()
            known = self.described.get(id(error))
            if known is not None:
                entity.cause = known[1]
            else:
                cause_id = self._tracer.random(8).hex()
                self.described.clear()
                self.described[id(error)] = error, cause_id
                cause = cause_of(error, cause_id, remote=remote)
                cause["exceptions"] = [_Described(found) for found in cause["exceptions"]]  # type: ignore[attr-defined]
                entity.cause = cause
        if self._size > _LARGE:
            self._trim()
        entity.close(ended)
        segment = entity.parent_segment
        if entity.namespace != "aws":
            xray_recorder.set_trace_entity(self._above)
        if xray_recorder.current_segment() is not segment:
            xray_recorder.set_trace_entity(segment)
        xray_recorder.stream_subsegments()
        if self._above is segment:
            self.described.clear()  # the outermost: nothing is to keep the exception, and all its frames, alive

    def _trim(self) -> None:
        """Leave out what makes the document larger than X-Ray takes, which the SDK would lose whole."""
        entity = self.entity
        children, entity.subsegments = entity.subsegments, []
        for names in (("metadata",), ("annotations", "aws"), ("cause",)):
            if len(entity.serialize()) <= LARGEST_DOCUMENT:
                break
            for name in names:
                setattr(entity, name, {})
            entity.metadata = {"default": {"trimmed": True}}
            self._tracer.telemetry.problem("trace_document", f"{entity.name} was over 64 kB, and trimmed")
        entity.subsegments = children


_LARGE = LARGEST_DOCUMENT // 2


def _most_bytes(value: object) -> int:
    """As many bytes as the SDK's ASCII-only JSON can make of `value`."""
    return 6 * len(str(value))


class _Described:
    """An exception as the SDK's documents want it."""

    def __init__(self, fields: dict[str, object]) -> None:
        self.fields = fields

    def to_dict(self) -> dict[str, object]:
        return self.fields
