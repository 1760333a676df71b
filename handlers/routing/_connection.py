"""The connection to Redis: TLS, a user's password from Secrets Manager, no retries.

The password is fetched when a connection is made, never at import, and again after a while, so that it can be rotated.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from redis import Redis
    from redis.credentials import CredentialProvider
    from types_boto3_secretsmanager import SecretsManagerClient

_KEPT_SECONDS = 300


class RedisSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where Redis is. Without REDIS_HOST there are no routing flags."""

    redis_host: Annotated[str, Meta(description="Redis' primary endpoint; empty: no routing flags")] = ""
    redis_port: Annotated[int, Meta(ge=1, le=65535, description="Redis' port")] = 6379
    redis_tls: Annotated[bool, Meta(description="Whether Redis is spoken to over TLS")] = True
    redis_ca_file: Annotated[
        str, Meta(description="File of the certificate authority; empty: those that the system trusts")
    ] = ""
    redis_username: Annotated[str, Meta(description="Redis' user")] = "default"
    redis_secret: Annotated[
        str, Meta(description="Secret with the user's password: the text, or JSON with `password`")
    ] = ""
    redis_budget_ms: Annotated[
        int, Meta(ge=1, le=1000, description="Milliseconds that a call of Redis may take, connecting included")
    ] = 50


def connect(
    settings: RedisSettings,
    *,
    secrets: Callable[[], SecretsManagerClient],
    monotonic: Callable[[], float],
) -> Redis:
    """A client of Redis that connects when it is first used."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    seconds = settings.redis_budget_ms / 1000
    return Redis(
        host=settings.redis_host,
        port=settings.redis_port,
        ssl=settings.redis_tls,
        ssl_ca_certs=settings.redis_ca_file or None,
        credential_provider=_password(settings, secrets, monotonic) if settings.redis_secret else None,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


def _password(
    settings: RedisSettings, secrets: Callable[[], SecretsManagerClient], monotonic: Callable[[], float]
) -> CredentialProvider:
    from redis.credentials import CredentialProvider

    class Password(CredentialProvider):
        def __init__(self) -> None:
            self._kept: tuple[str, float] | None = None

        def get_credentials(self) -> tuple[str, str]:
            if self._kept is None or monotonic() - self._kept[1] > _KEPT_SECONDS:
                self._kept = (_secret(secrets(), settings.redis_secret), monotonic())
            return settings.redis_username, self._kept[0]

    return Password()


def _secret(client: SecretsManagerClient, name: str) -> str:
    text = client.get_secret_value(SecretId=name)["SecretString"]
    try:
        content = json.loads(text)
    except ValueError:
        return text
    return str(content["password"]) if isinstance(content, dict) and "password" in content else text
