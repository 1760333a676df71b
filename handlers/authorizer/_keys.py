"""The issuer's public keys (a JSON Web Key Set, RFC 7517), fetched when they are needed and kept."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from jwt import PyJWK

_LARGEST: Final = 65_536
_SECONDS: Final = 2.0
_AT_MOST_EVERY: Final = 30.0  # seconds: made-up key ids cause no more fetches than this
_MOST_KEYS: Final = 50


class KeysUnavailable(Exception):  # noqa: N818 - an answer, which the authorizer fails by
    """The issuer's keys cannot be had."""


class UnknownKey(Exception):  # noqa: N818 - an answer, which a token is refused by
    """The issuer has no such key."""


class _KeySet(msgspec.Struct):
    keys: Annotated[list[dict[str, Any]], Meta(max_length=_MOST_KEYS)]


class Keys:
    """The keys by their id. `fetch` gets the set as bytes; `monotonic` is a clock in seconds.

    For `kept` seconds they are current. After that they are fetched again; if that fails they are used until `stale`
    seconds have passed.
    """

    def __init__(
        self, fetch: Callable[[], bytes], *, monotonic: Callable[[], float], kept: float, stale: float
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._kept = kept
        self._stale = stale
        self._keys: dict[str, PyJWK] = {}
        self._fetched = float("-inf")
        self._tried = float("-inf")
        self._lock = Lock()

    def key(self, key_id: str) -> PyJWK:
        """The key with this id. Raises `UnknownKey` or `KeysUnavailable`."""
        with self._lock:
            now = self._monotonic()
            current = now - self._fetched <= self._kept
            if (key_id not in self._keys or not current) and now - self._tried > _AT_MOST_EVERY:
                self._tried = now
                self._refresh(now)
            if now - self._fetched > self._stale:
                raise KeysUnavailable
            if key_id not in self._keys:
                raise UnknownKey
            return self._keys[key_id]

    def _refresh(self, now: float) -> None:
        from jwt import PyJWK
        from jwt.exceptions import PyJWTError

        try:
            found = msgspec.json.decode(self._fetch(), type=_KeySet).keys
        except (OSError, ValueError, msgspec.DecodeError):
            return
        keys: dict[str, PyJWK] = {}
        for entry in found:
            key_id = entry.get("kid")
            if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or not isinstance(key_id, str):
                continue
            try:
                keys[key_id] = PyJWK(entry, "RS256")
            except (PyJWTError, ValueError, TypeError):
                continue
        if keys:
            self._keys, self._fetched = keys, now


def fetch_from(url: str) -> Callable[[], bytes]:
    """What fetches `url`: https, or http from this machine alone; no redirects, 64 KB and two seconds at most.

    Raises `ValueError` for another URL; what it returns raises `OSError` or `ValueError`.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")):
        raise ValueError("keys are fetched over https")

    def fetch() -> bytes:
        from http.client import HTTPException
        from urllib.request import HTTPRedirectHandler, build_opener

        class NoRedirect(HTTPRedirectHandler):
            def redirect_request(self, *_: object) -> None:
                return None

        try:
            with build_opener(NoRedirect).open(url, timeout=_SECONDS) as answer:  # nosemgrep - the scheme is checked
                content: bytes = answer.read(_LARGEST + 1)
        except HTTPException:
            raise OSError("the issuer's answer is no HTTP") from None
        if len(content) > _LARGEST:
            raise ValueError("more keys than an issuer has")
        return content

    return fetch
