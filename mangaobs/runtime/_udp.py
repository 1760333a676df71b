"""The lean tracer: X-Ray's documents, written by hand and sent to the daemon's address over UDP.

Each subsegment is a document of its own, sent when it ends, as the X-Ray SDK does in Lambda. A datagram that nobody
receives costs nothing and is not missed.

Format: the line `{"format": "json", "version": 1}`, then the document. Source: X-Ray developer guide, "Sending segment
documents to the X-Ray daemon" and "X-Ray segment documents".
"""

from __future__ import annotations

import socket
from itertools import count

from mangaobs.runtime._span_values import cause_of, clean_name, trace_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._telemetry import Telemetry

_HEADER = b'{"format": "json", "version": 1}\n'
_DEFAULT_ADDRESS = "127.0.0.1:2000"
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF-")
_LARGEST = 64_000  # a document may have 64 kB, a datagram 65,507 bytes with its header


class UdpTracer:
    """Opens spans that send themselves to the daemon."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.telemetry = telemetry
        self.encode = telemetry.encode
        self._address = daemon_address(telemetry.settings.daemon_address)
        self._socket: socket.socket | None = None
        self._names: dict[str, bytes] = {}

    def begin(self, header: str) -> UdpSpan | None:
        """The segment that Lambda made, which is only a parent to others here."""
        parts = trace_fields(header)
        root, parent = parts.pop("Root", ""), parts.pop("Parent", "")
        sampled = parts.pop("Sampled", "")
        if (
            sampled != "1"
            or not _HEXADECIMAL.issuperset(root)
            or not parent
            or not _HEXADECIMAL.issuperset(parent)
            or "-" in parent
        ):
            return None
        rest = "".join(f";{name}={value}" for name, value in parts.items()) if parts else ""
        return UdpSpan(self, _Trace(root, rest, parent, self.telemetry.clock()), parent, "", "facade", 0.0, "local")

    def open(self, parent: UdpSpan, name: str, started: float, namespace: str = "local") -> UdpSpan:
        """A subsegment within `parent`."""
        return UdpSpan(self, parent.trace, parent.trace.new_id(), parent.id, name, started, namespace)

    def name(self, name: str) -> bytes:
        """`name` as X-Ray takes it, encoded."""
        known = self._names.get(name)
        if known is None:
            if len(self._names) >= 512:
                self._names.clear()
            known = self._names[name] = self.telemetry.encode_cleaned({"name": clean_name(name)})[1:-1]
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
        except OSError:
            pass  # no daemon, or its buffer is full: a trace is never worth waiting for


class _Trace:
    """What the spans of one invocation share; `error` is the exception that was described last, and its id.

    Ids need to be unique within a trace. They are made from the id of Lambda's segment, which is random and another one
    in each invocation, the time, and a count: without a system call, and never alike in environments that were restored
    from one snapshot, as a generator's would be.
    """

    __slots__ = ("_base", "_count", "error", "rest", "root")

    def __init__(self, root: str, rest: str, parent: str, now: float) -> None:
        self.root = root
        self.rest = rest
        self.error: tuple[BaseException, str] | None = None
        self._base = int(parent[:16], 16) * _SPREAD[0] + int(now * 1e6) * _SPREAD[1]
        self._count = count(1)

    def new_id(self) -> str:
        """16 hexadecimal digits."""
        return f"{(self._base + next(self._count) * _SPREAD[2]) & 0xFFFF_FFFF_FFFF_FFFF:016x}"


# Odd numbers with about half of their bits set: what differs in a factor differs all over the product.
_SPREAD = (0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F, 0xD6E8_FEB8_6659_FD93)


class UdpSpan:
    """A subsegment that is sent when it closes."""

    __slots__ = (
        "_annotations",
        "_aws",
        "_flags",
        "_name",
        "_notes",
        "_status",
        "_tracer",
        "id",
        "namespace",
        "parent_id",
        "started",
        "trace",
    )

    def __init__(
        self, tracer: UdpTracer, trace: _Trace, id: str, parent_id: str, name: str, started: float, namespace: str
    ) -> None:
        self._tracer = tracer
        self.trace = trace
        self.id = id
        self.parent_id = parent_id
        self._name = name
        self.started = started
        self.namespace = namespace
        self._annotations: dict[str, object] | None = None
        self._notes: dict[str, object] | None = None
        self._aws: dict[str, object] | None = None
        self._status: int | None = None
        self._flags = b""

    @property
    def header(self) -> str:
        return f"Root={self.trace.root};Parent={self.id};Sampled=1{self.trace.rest}"

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
        cause = b""
        if isinstance(error, Exception):
            self.fault()
            known = self.trace.error
            if known is not None and known[0] is error:
                cause = b',"cause":"%b"' % known[1].encode()
            else:
                cause_id = self.trace.new_id()
                self.trace.error = error, cause_id
                cause = b"," + self._encode("cause", cause_of(error, cause_id, remote=remote))
        end = b'"end_time":%.6f,"in_progress":false' % ended
        document = self._document(end, cause)
        if len(document) > _LARGEST:
            document = self._trimmed(end, cause)
        self._tracer.send(document)

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
        return (
            b'%b{"id":"%b",%b,"start_time":%.6f,%b,"trace_id":"%b","parent_id":"%b","type":"subsegment","namespace":"%b"%b}'
            % (
                _HEADER,
                self.id.encode(),
                self._tracer.name(self._name),
                self.started,
                end,
                self.trace.root.encode(),
                self.parent_id.encode(),
                self.namespace.encode(),
                more,
            )
        )

    def _encode(self, name: str, value: object) -> bytes:
        try:
            return self._tracer.encode({name: value})[1:-1]
        except (TypeError, ValueError):
            return self._tracer.telemetry.encode_fields({name: value})[:-1]

    def _trimmed(self, end: bytes, cause: bytes) -> bytes:
        """The document without what is largest, and a note that says so."""
        self._notes = {"trimmed": True}
        document = self._document(end, cause)
        if len(document) > _LARGEST:
            self._aws, self._annotations = None, None
            document = self._document(end, b"")
        self._tracer.telemetry.problem("trace_document", f"{clean_name(self._name)} was over 64 kB, and trimmed")
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
