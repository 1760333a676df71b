"""A token, verified: signature by a pinned algorithm, issuer, client, use, times, and the ids in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta

from ._keys import Keys, UnknownKey

if TYPE_CHECKING:
    from collections.abc import Container

ALGORITHM: Final = "RS256"
_LONGEST: Final = 8_192
_LEEWAY_SECONDS: Final = 10
_Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_-]+\Z")]
_Group = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.-]+\Z")]


class Refused(Exception):  # noqa: N818 - an answer
    """The token is not taken; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Bearer(msgspec.Struct, frozen=True):
    """Whose token it is."""

    customer_id: _Id
    session_id: _Id
    groups: Annotated[list[_Group], Meta(max_length=50)] = []


class Verifier:
    """Verifies tokens of one issuer for some clients. `session_claim` and `groups_claim` name claims."""

    def __init__(
        self,
        keys: Keys,
        *,
        issuer: str,
        client_ids: Container[str],
        token_use: str,
        session_claim: str,
        groups_claim: str,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._client_ids = client_ids
        self._token_use = token_use
        self._session_claim = session_claim
        self._groups_claim = groups_claim

    def bearer(self, token: str) -> Bearer:
        """Whose `token` is. Raises `Refused`, or `KeysUnavailable` if nobody can tell."""
        import jwt

        if len(token) > _LONGEST:
            raise Refused("token_too_long")
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError):
            raise Refused("token_malformed") from None
        if header.get("alg") != ALGORITHM:
            raise Refused("token_algorithm")
        key_id = header.get("kid")
        if not isinstance(key_id, str) or not key_id:
            raise Refused("token_key_missing")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._keys.key(key_id),
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                leeway=_LEEWAY_SECONDS,
                # The audience is looked at below: an access token of Cognito has none.
                options={"require": ["exp", "iat", "iss", "sub"], "verify_aud": False, "verify_nbf": True},
            )
        except UnknownKey:
            raise Refused("token_key_unknown") from None
        except jwt.ExpiredSignatureError:
            raise Refused("token_expired") from None
        except jwt.InvalidIssuerError:
            raise Refused("token_issuer") from None
        except (jwt.PyJWTError, ValueError, TypeError):
            raise Refused("token_invalid") from None
        return self._bearer(claims)

    def _bearer(self, claims: dict[str, Any]) -> Bearer:
        if claims.get("token_use") != self._token_use:
            raise Refused("token_use")
        named = claims.get("aud" if self._token_use == "id" else "client_id")
        clients = named if isinstance(named, list) else [named]
        if not any(isinstance(client, str) and client in self._client_ids for client in clients):
            raise Refused("token_client")
        found = {
            "customer_id": claims["sub"],
            "session_id": claims.get(self._session_claim),
            "groups": claims.get(self._groups_claim, []),
        }
        try:
            return msgspec.convert(found, Bearer)
        except msgspec.ValidationError:
            raise Refused("token_claims") from None
