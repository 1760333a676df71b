"""The session on a line: a keyed hash, so that a log finds a session's lines and does not tell whose they are.

HMAC-SHA-256, the first 64 bits in hexadecimal. Without the key the id cannot be found by trying; whoever erases a
person's data erases nothing here, since the hash alone is not personal once the mapping is gone.
"""

from __future__ import annotations

from mangaobs.runtime import _log
from mangaobs.runtime._clean import plain_text
from mangaobs.runtime._facts import type_name
from mangaobs.runtime._interruption import is_interruption

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._telemetry import Telemetry

_LONGEST = 4096


def session_hash(session: str, key: bytes | None = None) -> str:
    """The hash that lines carry for a session id, by `key` or the configured one: 16 hexadecimal digits.

    An empty text if there is no key.
    """
    key = key or _key(_log.assembled or _log.telemetry())
    return _hash(session if type(session) is str else plain_text(session, _LONGEST, None), key) if key else ""


def session_field(telemetry: Telemetry, session: object, *, raw: bool = False) -> str | None:
    """What the field `session` says of a session id; None without a key, which is said once."""
    text = session if type(session) is str else plain_text(session, _LONGEST, None)
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
    key: object = telemetry.settings.session_key
    if callable(key):
        try:
            key = key()
        except BaseException as error:
            # The caller's own code; without a key the session is left out.
            if is_interruption(error):
                raise
            telemetry.problem("session_key", type_name(error))
            return None
        if not isinstance(key, bytes):
            telemetry.problem("session_key", f"a {type_name(key)} in place of bytes")
            return None
        telemetry.settings.session_key = key
    return key if isinstance(key, bytes) else None
