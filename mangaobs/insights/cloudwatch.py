"""A query on CloudWatch itself: StartQuery, GetQueryResults until it ends, StopQuery if nobody waits any more."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mangaobs.errors import LanguageError, MangaobsError
from mangaobs.insights._run import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_POLL_SECONDS: Final = (0.25, 0.5, 1.0, 2.0)
_ENDED: Final = {"Complete", "Failed", "Cancelled", "Timeout"}
_GB: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Scanned:
    """Rows, and what CloudWatch read for them."""

    result: Result
    bytes: float
    records: float
    dollars: float

    @property
    def told(self) -> str:
        """What was read and what it costs, as a line."""
        return f"{self.records:,.0f} events, {self.bytes / _GB:,.3f} GB scanned: about ${self.dollars:.4f}"


def client(region: str | None) -> Any:  # noqa: ANN401 - boto3 makes its clients' classes as it runs
    """A client of CloudWatch Logs. Raises `MangaobsError` without a region."""
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        return boto3.client("logs", region_name=region)
    except BotoCoreError as error:
        raise MangaobsError(f"no client of CloudWatch Logs: {error}", right="--region, or AWS_REGION") from None


def run(
    logs: Any,  # noqa: ANN401 - a client of CloudWatch Logs
    text: str,
    log_groups: Sequence[str],
    start: int,
    end: int,
    *,
    told: Callable[[str], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Scanned:
    """The rows between `start` and `end` (ms since the epoch, the end inclusive).

    An interrupt stops the query, for CloudWatch would go on and bill it. Raises `LanguageError` for a query that
    CloudWatch refuses, with its offsets, and `MangaobsError` for what else goes wrong.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    asked: dict[str, Any] = {"queryString": text, "startTime": start // 1000, "endTime": end // 1000}
    if log_groups:
        arns = all(one.startswith("arn:") for one in log_groups)
        asked["logGroupIdentifiers" if arns else "logGroupNames"] = list(log_groups)
    try:
        query_id = logs.start_query(**asked)["queryId"]
        try:
            answer = _ended(logs, query_id, told, sleep)
        except KeyboardInterrupt:
            logs.stop_query(queryId=query_id)
            told("stopped the query on CloudWatch")
            raise
    except ClientError as error:
        raise _refused(error, text) from None
    except BotoCoreError as error:
        raise MangaobsError(f"CloudWatch was not reached: {error}", right="credentials, a region, a network") from None
    if answer["status"] != "Complete":
        raise MangaobsError(f"CloudWatch ended the query as {answer['status']}", right="a shorter time range")
    statistics = answer.get("statistics", {})
    scanned = float(statistics.get("bytesScanned", 0.0))
    return Scanned(
        _result(answer["results"]), scanned, float(statistics.get("recordsScanned", 0.0)), scanned / _GB * _price()
    )


def _ended(logs: Any, query_id: str, told: Callable[[str], None], sleep: Callable[[float], None]) -> dict[str, Any]:  # noqa: ANN401
    polls = 0
    while True:
        answer: dict[str, Any] = logs.get_query_results(queryId=query_id)
        if answer["status"] in _ENDED:
            break
        if polls == len(_POLL_SECONDS):
            told("CloudWatch is at work; an interrupt stops it")
        sleep(_POLL_SECONDS[min(polls, len(_POLL_SECONDS) - 1)])
        polls += 1
    rows = list(answer.get("results", []))
    token = answer.get("nextToken")
    while token:
        page = logs.get_query_results(queryId=query_id, nextToken=token)
        rows += page.get("results", [])
        token = page.get("nextToken")
    return {**answer, "results": rows}


def _result(rows: list[list[dict[str, str]]]) -> Result:
    """The rows without `@ptr`, which points to an event that only CloudWatch has."""
    made = [{cell["field"]: cell.get("value", "") for cell in row if cell.get("field") != "@ptr"} for row in rows]
    columns = dict.fromkeys(name for row in made for name in row)
    return Result(tuple(columns), made)


def _refused(error: Any, text: str) -> MangaobsError:  # noqa: ANN401 - botocore's ClientError
    answer = error.response
    code = answer.get("Error", {}).get("Code", "")
    message = answer.get("Error", {}).get("Message", str(error))
    if code != "MalformedQueryException":
        return MangaobsError(f"CloudWatch: {code}: {message}")
    found = answer.get("queryCompileError") or {}
    place = found.get("location") or {}
    start = int(place.get("startCharOffset", 0))
    return LanguageError(
        found.get("message", message),
        language="query",
        source=text,
        start=start,
        end=int(place.get("endCharOffset", start + 1)),
    )


def _price() -> float:
    """Dollars for each GB scanned."""
    for line in Path(__file__).with_name("price.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            return float(line.split("\t")[1])
    raise AssertionError
