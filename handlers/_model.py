"""The model, by Bedrock's Converse API, which is the same for every model: MODEL_ID is configuration.

Source: Bedrock API reference, ConverseStream and Converse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from mangaobs.runtime import count, log_bedrock_invocation, measure, summarize_operation

from .sessions import ASSISTANT, USER, Turn
from .signals import INPUT_TOKENS, OUTPUT_TOKENS, TIME_TO_FIRST_TOKEN

if TYPE_CHECKING:
    from botocore.config import Config
    from types_boto3_bedrock_runtime import BedrockRuntimeClient
    from types_boto3_bedrock_runtime.type_defs import ConverseStreamOutputTypeDef, MessageTypeDef

    from mangaobs.signals import MetricSignal

CONNECT_SECONDS: Final = 1.0
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 2.0  # seconds
# What passes by itself. A read that timed out does not: the model was busy with it, and would be again.
_PASSING = frozenset(
    (
        "InternalServerException",
        "ModelNotReadyException",
        "ServiceUnavailableException",
        "ThrottlingException",
        "TooManyRequestsException",
        "EndpointConnectionError",
        "ConnectTimeoutError",
        "ConnectionClosedError",
    )
)


class ModelFailed(Exception):  # noqa: N818 - an answer, which callers go on from
    """The model gave no answer: `reason` is AWS's error code, or a code of ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        # As botocore's errors have it: the operation's line then names the reason as its error type.
        self.response = {"Error": {"Code": reason}}


class Answer(msgspec.Struct, frozen=True):
    """What the model said; `truncated` if it had more to say."""

    text: str
    input_tokens: int
    output_tokens: int
    truncated: bool = False


def client_limits(read_seconds: float) -> Config:
    """Botocore's settings for a `Model`: no retries of its own, since they know nothing of the time that is left."""
    from ._clients import limits

    return limits(connect=CONNECT_SECONDS, read=read_seconds, attempts=1)


class Model:
    """Asks the model, within the time that is left.

    `read_seconds` is the longest silence that the client waits for, between two tokens or before the first; `reserve`
    what has to be left of the time when an answer is there. `operation` is what lines call it, `first_token` the metric
    of the time to the first token, where somebody waits for that. `monotonic` is a clock in seconds, `sleep` gets
    seconds, `random` gives 0 to 1.
    """

    def __init__(
        self,
        client: BedrockRuntimeClient,
        model_id: str,
        *,
        max_tokens: int,
        read_seconds: float,
        reserve: float,
        monotonic: Callable[[], float],
        sleep: Callable[[float], object],
        random: Callable[[], float],
        operation: str = "BedrockInvoke",
        first_token: MetricSignal | None = TIME_TO_FIRST_TOKEN,
        attempts: int = 3,
    ) -> None:
        self._client = client
        self._model_id = model_id
        self._max_tokens = max_tokens
        self._read_seconds = read_seconds
        self._reserve = reserve
        self._monotonic = monotonic
        self._sleep = sleep
        self._random = random
        self._operation = operation
        self._first_token = first_token
        self._attempts = attempts

    @property
    def id(self) -> str:
        """The model's id, as Bedrock is given it."""
        return self._model_id

    def answer(self, system: str, turns: Sequence[Turn], remaining: Callable[[], float]) -> Answer:
        """What the model says to `turns`, oldest first, the last one the customer's. `remaining` gives seconds.

        However Bedrock behaves, `reserve` seconds are left when this ends. Raises `ModelFailed`.
        """
        messages = messages_of(turns)
        with log_bedrock_invocation(self._operation, model=self._model_id):
            wait = _FIRST_WAIT
            for attempt in range(1, self._attempts + 1):
                if remaining() < CONNECT_SECONDS + self._read_seconds + self._reserve:
                    raise ModelFailed("no_time_left")
                failed = None
                try:
                    return self._once(system, messages, remaining)
                except ModelFailed as error:
                    failed = error
                pause = wait * (0.5 + self._random())
                enough = remaining() - pause >= CONNECT_SECONDS + self._read_seconds + self._reserve
                if failed.reason not in _PASSING or attempt == self._attempts or not enough:
                    raise failed
                summarize_operation(retries=attempt)
                self._sleep(pause)
                wait = min(2 * wait, _LONGEST_WAIT)
        raise ModelFailed("no_attempts")

    def _once(self, system: str, messages: list[MessageTypeDef], remaining: Callable[[], float]) -> Answer:
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        started = self._monotonic()
        said = _Said(self._model_id)
        try:
            response = self._client.converse_stream(
                modelId=self._model_id,
                messages=messages,
                system=[{"text": system}],
                inferenceConfig={"maxTokens": self._max_tokens},
            )
            stream = response["stream"]
            for event in stream:
                if said.take(event) and len(said.texts) == 1:
                    first_ms = (self._monotonic() - started) * 1000
                    summarize_operation(first_token_ms=round(first_ms, 2))
                    if self._first_token is not None:
                        measure(self._first_token, first_ms)
                if remaining() < self._read_seconds + self._reserve:
                    said.truncated = True
                    stream.close()
                    break
        except ClientError as error:
            # Before the first token another attempt costs nothing; after it the customer has waited long enough.
            raise ModelFailed(_after(said, error.response["Error"]["Code"])) from None
        except (BotoCoreError, HTTPError) as error:
            raise ModelFailed(_after(said, type(error).__name__)) from None
        return said.answer()


class _Said:
    """What has come of an answer."""

    def __init__(self, model_id: str) -> None:
        self.model_id = model_id
        self.texts: list[str] = []
        self.truncated = False
        self.ended = False
        self._input_tokens = 0
        self._output_tokens = 0

    def take(self, event: ConverseStreamOutputTypeDef) -> bool:
        """Take an event; True if it has text."""
        if "contentBlockDelta" in event:
            text = event["contentBlockDelta"]["delta"].get("text", "")
            if text:
                self.texts.append(text)
            return bool(text)
        if "messageStop" in event:
            self.ended = True
            self.truncated = event["messageStop"]["stopReason"] == "max_tokens"
        elif "metadata" in event:
            usage = event["metadata"]["usage"]
            self._input_tokens, self._output_tokens = usage["inputTokens"], usage["outputTokens"]
        return False

    def answer(self) -> Answer:
        """The answer. Raises `ModelFailed` if there is none, or its end is missing."""
        count(INPUT_TOKENS, self._input_tokens)
        count(OUTPUT_TOKENS, self._output_tokens)
        summarize_operation(input_tokens=self._input_tokens, output_tokens=self._output_tokens)
        text = "".join(self.texts).strip()
        if not text:
            raise ModelFailed("empty_answer")
        if not self.ended and not self.truncated:
            raise ModelFailed("cut_off")
        return Answer(text, self._input_tokens, self._output_tokens, self.truncated)


def _after(said: _Said, code: str) -> str:
    return "cut_off" if said.texts else code


def messages_of(turns: Iterable[Turn]) -> list[MessageTypeDef]:
    """Turns as Converse wants them: the customer's first, roles in alternation; of one role in a row, one message."""
    merged: list[tuple[str, list[str]]] = []
    for turn in turns:
        if not merged and turn.role == ASSISTANT:
            continue
        if merged and merged[-1][0] == turn.role:
            merged[-1][1].append(turn.text)
        else:
            merged.append((turn.role, [turn.text]))
    return [
        {"role": USER if role == USER else ASSISTANT, "content": [{"text": "\n\n".join(texts)}]}
        for role, texts in merged
    ]
