"""The lean tracer: X-Ray's documents, written by hand and sent to the daemon's address over UDP.

Each subsegment is a document of its own, sent when it ends, as the X-Ray SDK does in Lambda. A datagram that nobody
receives costs nothing and is not missed.

Format: the line `{"format": "json", "version": 1}`, then the document. Source: X-Ray developer guide, "Sending segment
documents to the X-Ray daemon" and "X-Ray segment documents".
"""

from __future__ import annotations

import os
import socket
from itertools import count

from mangaobs.runtime._interruption import is_interruption
from mangaobs.runtime._span_values import LARGEST_DOCUMENT, cause_of, clean_name, parse_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._telemetry import Telemetry

_HEADER = b'{"format": "json", "version": 1}\n'
_DOCUMENT = (
    _HEADER
    + b'{"id":"%b",%b,"start_time":%.6f,%b,"trace_id":"%b","parent_id":"%b","type":"subsegment","namespace":"%b"%b}'
)
_DEFAULT_ADDRESS = "127.0.0.1:2000"


class UdpTracer:
    """Opens spans that send themselves to the daemon."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.telemetry = telemetry
        self.encode = telemetry.encode
        self._address = daemon_address(telemetry.settings.daemon_address)
        self._socket: socket.socket | None = None
        self._names: dict[str, bytes] = {}

    def begin(self, header: str) -> UdpSegment | None:
        """The segment that Lambda made, which is only a parent to others here."""
        parsed = parse_header(header)
        if parsed is None:
            return None
        root, parent, rest = parsed
        return UdpSegment(root, rest, parent, self.telemetry.clock())

    def open(self, parent: UdpSpan | UdpSegment, name: str, started: float, namespace: str = "local") -> UdpSpan:
        """A subsegment within `parent`."""
        segment = parent.segment
        segment.error = None  # whatever failed before was dealt with
        span = UdpSpan(self, segment, segment.new_id(), parent.id, name, started)
        if namespace != "local":
            span.namespace = namespace.encode()
        return span

    def name(self, name: str) -> bytes:
        """`name` as X-Ray takes it, encoded."""
        known = self._names.get(name)
        if known is None:
            if len(self._names) >= 512:
                self._names.clear()
            known = self._names[name] = self.telemetry.encode_cleaned({"name": clean_name(self.telemetry, name)})[1:-1]
        return known

    def send(self, document: bytes) -> None:
        """Hand a document to the daemon, if one is there."""
        try:
            if self._socket is None:
                family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
                fresh = socket.socket(family, socket.SOCK_DGRAM)
                fresh.setblocking(False)  # noqa: FBT003 - its only form
                fresh.connect(self._address)
                self._socket = fresh
            self._socket.send(document)
        except OSError as error:
            # No daemon, or its buffer is full: a trace is never worth waiting for. A TimeoutError may be a handler's.
            if is_interruption(error):
                raise


class UdpSegment:
    """The segment that Lambda made, and what the spans within it share.

    `error` is the exception that was described last, and its id.

    Ids need to be unique within a trace. They are made from the id of Lambda's segment, which is random and another one
    in each invocation, the time, and a count: without a system call, and never alike in environments that were restored
    from one snapshot, as a generator's would be.
    """

    __slots__ = ("_base", "_count", "_rest", "error", "id", "root")

    def __init__(self, root: str, rest: str, id: str, now: float) -> None:
        self.root = root.encode()
        self.id = id.encode()
        self.error: tuple[BaseException, str] | None = None
        self._rest = rest
        self._base = int(id, 36) * _SPREAD[0] + int(now * 1e6) * _SPREAD[1]
        self._count = count(1)

    @property
    def segment(self) -> UdpSegment:
        """Itself."""
        return self

    def header(self, parent_id: bytes) -> str:
        """The trace header of a call within."""
        return f"Root={self.root.decode()};Parent={parent_id.decode()};Sampled=1{self._rest}"

    def new_id(self) -> bytes:
        """16 hexadecimal digits."""
        return b"%016x" % ((self._base + _salt + next(self._count) * _STEP) & 0xFFFF_FFFF_FFFF_FFFF)


# Odd numbers with about half of their bits set: what differs in a factor differs all over the product.
_SPREAD = (0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F)
_STEP = 0xD6E8_FEB8_6659_FD93
_salt = 0  # another one in each process that is forked in the middle of an invocation


def _new_salt() -> None:
    global _salt  # noqa: PLW0603 - a fact about the process
    _salt = int.from_bytes(os.urandom(8), "big")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_salt)


class UdpSpan:
    """A subsegment that is sent when it closes. What most have nothing of, the class has for them."""

    namespace = b"local"
    _annotations: dict[str, object] | None = None
    _notes: dict[str, object] | None = None
    _aws: dict[str, object] | None = None
    _status: int | None = None
    _flags = b""

    def __init__(
        self, tracer: UdpTracer, segment: UdpSegment, id: bytes, parent_id: bytes, name: str, started: float
    ) -> None:
        self._tracer = tracer
        self.segment = segment
        self.id = id
        self.parent_id = parent_id
        self._name = name
        self.started = started

    @property
    def header(self) -> str:
        return self.segment.header(self.id)

    def annotate(self, name: str, value: str | float | bool) -> None:  # noqa: FBT001 - as the protocol has it
        if self._annotations is None:
            self._annotations = {}
        self._annotations[name] = value

    def note(self, name: str, value: object) -> None:
        if self._notes is None:
            self._notes = {}
        self._notes[name] = value

    def aws(self, fields: dict[str, object], status: int | None) -> None:
        self._aws = fields
        self._status = status
        if status is not None and status >= 400:
            if status == 429:
                self._flags += b',"throttle":true'
            self._flags += b',"fault":true' if status >= 500 else b',"error":true'

    def fault(self) -> None:
        if b"fault" not in self._flags:
            self._flags += b',"fault":true'

    def progress(self) -> None:
        self._tracer.send(self._document(b'"in_progress":true', b""))

    def close(self, ended: float, error: BaseException | None, *, remote: bool = False) -> None:
        cause = self._cause(error, remote=remote) if isinstance(error, Exception) else b""
        end = b'"end_time":%.6f,"in_progress":false' % ended
        document = self._document(end, cause)
        if len(document) > LARGEST_DOCUMENT:
            document = self._trimmed(end, cause)
        self._tracer.send(document)
        if self.parent_id is self.segment.id:
            self.segment.error = None  # the outermost: nothing is to keep the exception, and all its frames, alive

    def _cause(self, error: Exception, *, remote: bool) -> bytes:
        """What it failed with; an exception that passes several spans is described in the first."""
        self.fault()
        known = self.segment.error
        if known is not None and known[0] is error:
            return b',"cause":"%b"' % known[1].encode()
        cause_id = self.segment.new_id().decode()
        self.segment.error = error, cause_id
        return b"," + self._encode("cause", cause_of(error, cause_id, remote=remote))

    def _document(self, end: bytes, cause: bytes) -> bytes:
        more = self._flags + cause
        if self._annotations is not None:
            more += b"," + self._encode("annotations", self._annotations)
        if self._notes is not None:
            more += b"," + self._encode("metadata", {"default": self._notes})
        if self._aws is not None:
            more += b"," + self._encode("aws", self._aws)
        if self._status is not None:
            more += b',"http":{"response":{"status":%d}}' % self._status
        name = self._tracer.name(self._name)
        return _DOCUMENT % (
            self.id,
            name,
            self.started,
            end,
            self.segment.root,
            self.parent_id,
            self.namespace,
            more,
        )

    def _encode(self, name: str, value: object) -> bytes:
        try:
            return self._tracer.encode({name: value})[1:-1]
        except (TypeError, ValueError) as error:
            if is_interruption(error):
                raise
            return self._tracer.telemetry.encode_fields({name: value})[:-1]

    def _trimmed(self, end: bytes, cause: bytes) -> bytes:
        """The document without what is largest, and a note that says so."""
        self._notes = {"trimmed": True}
        document = self._document(end, cause)
        if len(document) > LARGEST_DOCUMENT:
            self._aws, self._annotations = None, None
            document = self._document(end, b"")
        self._tracer.telemetry.problem(
            "trace_document", f"{clean_name(self._tracer.telemetry, self._name)} was over 64 kB, and trimmed"
        )
        return document


def daemon_address(text: str) -> tuple[str, int]:
    """The UDP address of `host:port` or `tcp:host:port udp:host:port`; X-Ray's own default if it is neither."""
    for part in text.split():
        kind, _, address = part.partition(":")
        if kind == "tcp":
            continue
        host, _, port = (address if kind == "udp" else part).rpartition(":")
        if host and port.isdecimal() and 0 < int(port) < 65536:
            return host.strip("[]"), int(port)
    host, _, port = _DEFAULT_ADDRESS.partition(":")
    return host, int(port)
