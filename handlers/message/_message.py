"""What is done with one message, from the event to the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from mangaobs.runtime import count, log_step, summarize

from .._entry import Context
from .._http import Identity, Refused, Request, answer, body_of, identity_of, refusal, request_of
from .._model import Model, ModelFailed
from ..routing import Router
from ..sessions import ASSISTANT, USER, Conversation, SessionRefused, Sessions, Summary, Turn
from ..signals import FALLBACK_ANSWERS, RATE_LIMITED
from ._body import Body
from ._writes import Writes, not_stored, reused, unavailable
from .settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a write takes at worst, in seconds: two attempts of the table, then the key and the queue. See `_start`.
WRITING_SECONDS: Final = 7.0
_MOST_BYTES_A_CHARACTER = 12  # "\ud83d\ude00", as JSON may have it
_REFUSALS: Mapping[str, tuple[int, str]] = {
    "session_unknown": (404, "sign in again: there is no such session"),
    "not_owner": (403, "a session of your own"),
    "not_active": (409, "sign in again: this session takes no more messages"),
    "erased": (410, "nothing: this customer's data is being erased"),
}


class Reply(msgspec.Struct, frozen=True):
    """The answer to a message. `stored` is later if the turns wait in the queue to be written."""

    message_id: str
    answer: str
    stored: Literal["now", "later"] = "now"
    fallback: bool = False
    truncated: bool = False


class Message:
    """The message function. Clocks: `clock` in epoch milliseconds, `monotonic` in seconds."""

    def __init__(
        self,
        settings: Settings,
        *,
        sessions: Sessions,
        writes: Writes,
        model: Model,
        router: Router | None,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        new_id: Callable[[], str],
        hashed: Callable[[str], str],
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._writes = writes
        self._model = model
        self._router = router
        self._clock = clock
        self._monotonic = monotonic
        self._new_id = new_id
        self._hashed = hashed

    def __call__(self, event: object, context: Context) -> dict[str, Any]:
        """Answer one proxy event."""
        started = self._monotonic()
        within = self._settings.answer_within_ms / 1000

        def remaining() -> float:
            return min(context.get_remaining_time_in_millis() / 1000, within - (self._monotonic() - started))

        try:
            request = request_of(event)
            identity = identity_of(request)
            body = self._body(request)
            hot = self._admit(request, identity)
            return answer(200, self._reply(identity, body, remaining, hot=hot))
        except SessionRefused as refused:
            status, right = _REFUSALS[refused.reason]
            return refusal(Refused(status, refused.reason, right))
        except Refused as refused:
            return refusal(refused)

    def _body(self, request: Request) -> Body:
        most = self._settings.most_characters
        body = body_of(request, Body, most_bytes=200 + _MOST_BYTES_A_CHARACTER * most)
        if len(body.text) > most:
            raise Refused(413, "text_too_long", f"at most {most} characters")
        return body

    def _admit(self, request: Request, identity: Identity) -> bool:
        """Honor the session's routing flag; whether the session is hot, so that a cache may spare the table."""
        if self._router is None:
            return False
        address = request.request_context.identity.source_ip
        decision = self._router.arrive(self._hashed(identity.session_id), self._hashed(address) if address else "")
        if decision.allowed:
            return decision.mode == "cache"
        if decision.mode == "block":
            raise Refused(403, "blocked", "write to support if this is wrong", retry_after=decision.retry_after)
        count(RATE_LIMITED)
        raise Refused(429, "limited", "wait, then repeat", effect="limited", retry_after=max(decision.retry_after, 1))

    def _reply(self, identity: Identity, body: Body, remaining: Callable[[], float], *, hot: bool) -> Reply:
        conversation = self._load(identity, hot=hot)
        before = {turn.role: turn for turn in conversation.turns if turn.message_id == body.message_id}
        if USER in before and before[USER].text != body.text:
            raise reused()
        if ASSISTANT in before:
            return Reply(body.message_id, before[ASSISTANT].text)
        meta = conversation.meta
        # Later than everything the session knows of, whatever this machine's clock says.
        at = max(self._clock(), meta.last_active_at + 1 if meta is not None else 0)
        user = before.get(USER) or Turn(at, body.message_id, USER, body.text)
        handoff = self._new_id() if body.agent else None
        begun = self._writes.begin(identity, user, new=meta is None, handoff=handoff)
        if begun.answer is not None:
            return Reply(body.message_id, begun.answer.text)
        if body.agent:
            if begun.unwritten is not None:
                raise not_stored()
            return Reply(body.message_id, self._settings.agent_answer)
        try:
            said = self._model.answer(self._system(conversation), _context(conversation, begun.user), remaining)
        except ModelFailed:
            # No turn: repeated, the message asks the model again.
            count(FALLBACK_ANSWERS)
            summarize(effect="degraded")
            stored = self._writes.keep(identity, begun)
            return Reply(body.message_id, self._settings.fallback_answer, stored=stored, fallback=True)
        turn = Turn(
            begun.user.at,
            body.message_id,
            ASSISTANT,
            said.text,
            model=self._model.id,
            input_tokens=said.input_tokens,
            output_tokens=said.output_tokens,
        )
        stored, standing = self._writes.finish(identity, begun, turn)
        return Reply(body.message_id, standing.text, stored=stored, truncated=said.truncated and standing is turn)

    def _load(self, identity: Identity, *, hot: bool) -> Conversation:
        from botocore.exceptions import BotoCoreError, ClientError

        with log_step("LoadContext"):
            try:
                return self._sessions.load(
                    identity.session_id,
                    identity.customer_id,
                    turns=self._settings.context_turns,
                    summary=(lambda: self._cached_summary(identity.session_id)) if hot else None,
                )
            except (ClientError, BotoCoreError):
                raise unavailable() from None

    def _cached_summary(self, session_id: str) -> Summary | None:
        """The summary, from the cache. Turns never come from one: the newest would be missing."""
        if self._router is None:
            return self._sessions.summary(session_id)
        content = self._router.cached_summary(
            self._hashed(session_id), lambda: msgspec.json.encode(self._sessions.summary(session_id))
        )
        return msgspec.json.decode(content, type=Summary | None)

    def _system(self, conversation: Conversation) -> str:
        if conversation.summary is None:
            return self._settings.system_prompt
        return f"{self._settings.system_prompt}\n\nWhat was said before:\n{conversation.summary.text}"


def _context(conversation: Conversation, user: Turn) -> list[Turn]:
    """The turns that the model gets: those after the summary, and the customer's last."""
    until = conversation.summary.until if conversation.summary is not None else 0
    return [turn for turn in conversation.turns if turn.at > until and turn.key != user.key] + [user]
