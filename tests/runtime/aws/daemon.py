"""A UDP listener in place of the X-Ray daemon: it keeps what it is sent, and reads the documents out of it."""

from __future__ import annotations

import json
import socket
from threading import Condition, Thread
from typing import Any, Self

_END = b"that is all"
_LONGEST = 65_507  # what a datagram can hold

Document = dict[str, Any]


class Daemon:
    """Listens on a free port of this machine until it is closed; `datagrams` is all it got."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_000_000)
        self._socket.bind(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._socket.getsockname())
        self.datagrams: list[bytes] = []
        self._ends = 0
        self._changed = Condition()
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._send(b"")
        self._thread.join(5)
        self._socket.close()

    def documents(self) -> list[Document]:
        """What was sent so far. Datagrams of one machine keep their order, so one of our own comes after them."""
        with self._changed:
            ends = self._ends
        self._send(_END)
        with self._changed:
            assert self._changed.wait_for(lambda: self._ends > ends, 10), "the listener is gone"
        return [read(datagram) for datagram in list(self.datagrams)]

    def _send(self, data: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(data, self._socket.getsockname())

    def _listen(self) -> None:
        while data := self._socket.recv(_LONGEST + 1):
            with self._changed:
                if data == _END:
                    self._ends += 1
                    self._changed.notify_all()
                else:
                    self.datagrams.append(data)


def read(datagram: bytes) -> Document:
    """The document of a datagram, after the daemon's header line."""
    header, _, body = datagram.partition(b"\n")
    assert json.loads(header) == {"format": "json", "version": 1}
    return strict(body)


def strict(text: str | bytes) -> Any:
    """JSON as the standard has it: no NaN, no name twice in an object."""
    return json.loads(text, parse_constant=_refuse, object_pairs_hook=_once)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    assert len(made) == len(pairs), f"a name is there twice: {[name for name, _ in pairs]}"
    return made
