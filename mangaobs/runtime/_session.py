"""The session on a line: a keyed hash, so that a log finds a session's lines and does not tell whose they are.

HMAC-SHA-256, the first 64 bits in hexadecimal. Without the key the id cannot be found by trying; whoever erases a
person's data erases nothing here, since the hash alone is not personal once the mapping is gone.
"""

from __future__ import annotations

from mangaobs.runtime import _log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._telemetry import Telemetry


def session_hash(session: str, key: bytes | None = None) -> str:
    """The hash that lines carry for a session id, by `key` or the configured one: 16 hexadecimal digits.

    An empty text if there is no key.
    """
    key = key or _key(_log.assembled or _log.telemetry())
    return _hash(session, key) if key else ""


def session_field(telemetry: Telemetry, session: object, *, raw: bool = False) -> str | None:
    """What the field `session` says of a session id; None without a key, which is said once."""
    text = session if type(session) is str else str(session)
    if raw:
        return text
    key = _key(telemetry)
    if not key:
        telemetry.problem("session_key", "no session key is set: lines carry no session")
        return None
    return _hash(text, key)


def _hash(session: str, key: bytes) -> str:
    from hmac import digest

    return digest(key, session.encode("utf-8", "surrogatepass"), "sha256")[:8].hex()


def _key(telemetry: Telemetry) -> bytes | None:
    key = telemetry.settings.session_key
    if callable(key):
        try:
            key = key()
        except Exception as error:  # noqa: BLE001 - the caller's own code; without a key the session is left out
            telemetry.problem("session_key", type(error).__name__)
            return None
        telemetry.settings.session_key = key
    return key
