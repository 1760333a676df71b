"""boto3 clients whose timeouts and retries fit a function's own timeout, and whose calls are observed.

boto3's defaults wait 60 s for a connection and 60 s for an answer, each several times: longer than a function lives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mangaobs.runtime import instrument

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config


def session() -> boto3.Session:
    """A session whose clients are all observed."""
    import boto3

    return instrument(boto3.Session())


def limits(*, connect: float = 1, read: float = 3, attempts: int = 3) -> Config:
    """Timeouts in seconds and the most attempts of one call; the longest it takes is about the product."""
    from botocore.config import Config

    return Config(
        connect_timeout=connect, read_timeout=read, retries={"mode": "standard", "total_max_attempts": attempts}
    )


def code_of(error: Exception) -> str:
    """AWS's error code, or the class of what botocore raises by itself; never a message."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Code", type(error).__name__))
    return type(error).__name__
