"""Calling AWS until it answers: what passes by itself is tried again, with full jitter, as long as there is time.

botocore's own retries know nothing of the time that a function has left, so clients here make one attempt.
Source: Amazon Builders' Library, "Timeouts, retries, and backoff with jitter"; DynamoDB Developer Guide, "Error
handling with DynamoDB".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from .._entry import Context

T = TypeVar("T")

# AWS's codes for what passes by itself.
PASSING: Final = frozenset(
    (
        "ConditionalRequestConflict",
        "InternalError",
        "InternalServerError",
        "LimitExceededException",
        "OperationAborted",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        # Transactions raises it where no condition failed: two writers met, or there was no capacity.
        "TransactionCanceledException",
        "TransactionInProgressException",
    )
)
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 5.0  # seconds
_SERVER_ERROR: Final = 500


class OutOfTime(Exception):  # noqa: N818 - the work goes on in another invocation
    """The invocation has no time for another call."""


class Unprocessed(Exception):  # noqa: N818 - an answer of the database
    """A batch was carried out in part: the rest is to be asked for again, in a while."""


class Deadline:
    """The seconds that the invocation has left. Before the first one begins there are none."""

    def __init__(self) -> None:
        self._context: Context | None = None

    def begin(self, context: Context) -> None:
        """An invocation begins."""
        self._context = context

    def __call__(self) -> float:
        """The seconds that are left."""
        return self._context.get_remaining_time_in_millis() / 1000 if self._context is not None else 0.0


class Patience:
    """Tries calls again. `sleep` gets seconds, `random` gives 0 to 1, `remaining` are the seconds that are left.

    With less than `margin` seconds left nothing more is begun.
    """

    def __init__(
        self,
        *,
        sleep: Callable[[float], object],
        random: Callable[[], float],
        remaining: Callable[[], float],
        margin: float,
        attempts: int = 8,
    ) -> None:
        self._sleep = sleep
        self._random = random
        self._remaining = remaining
        self._margin = margin
        self._attempts = attempts

    def check(self) -> None:
        """Raise `OutOfTime` if nothing more may be begun."""
        if self._remaining() < self._margin:
            raise OutOfTime

    def __call__(self, call: Callable[[], T]) -> T:
        """What `call` returns. Raises what it raises for good, or `OutOfTime`."""
        from botocore.exceptions import ClientError, HTTPClientError
        from botocore.exceptions import ConnectionError as NoConnection

        longest = _FIRST_WAIT
        for attempt in range(1, self._attempts + 1):
            self.check()
            try:
                return call()
            except (ClientError, NoConnection, HTTPClientError, Unprocessed) as error:
                if attempt == self._attempts or not _passes(error):
                    raise
            wait = longest * self._random()
            if self._remaining() - wait < self._margin:
                raise OutOfTime
            self._sleep(wait)
            longest = min(2 * longest, _LONGEST_WAIT)
        raise AssertionError("the last attempt returns or raises")


def _passes(error: Exception) -> bool:
    response = getattr(error, "response", None)
    if response is None:
        return True  # the connection failed
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return response.get("Error", {}).get("Code") in PASSING or status >= _SERVER_ERROR
