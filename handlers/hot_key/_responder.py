"""One minute of the responder: who is hot, what they are, what is done.

What is decided is kept in the table before it is done, with the moment at which it ends: whatever is repeated does the
same again, and nothing lasts longer for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from mangaobs.runtime import count, log_error, log_event, measure

from .._entry import Context
from ..routing import Activity, Flag, Flags, Mode, Unavailable
from ..sessions import Sessions, session_id_of
from ..signals import BLOCKED_SESSIONS, HOT_KEY, HOT_KEYS, RESPONDER_FAILED
from ._classify import Classification, Limits, classify
from ._decisions import CapReached, Decision, Decisions
from ._report import ReportSource, minutes_of
from .settings import Settings

_MODES: Final[dict[Classification, Mode]] = {"legitimate": "cache", "unknown": "limit", "abuse": "block"}
_RULE: Final = "hot-partition-key"


class Schedule(msgspec.Struct, frozen=True):
    """EventBridge's scheduled event: `time` says which minute it is."""

    time: datetime


class Responder:
    """The responder. `switch` says whether anything may be done; `flags` is None where there is no Redis.

    `clock` is in epoch milliseconds, `hashed` makes an id's keyed hash.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        source: ReportSource,
        sessions: Sessions,
        decisions: Decisions,
        flags: Flags | None,
        switch: Callable[[], bool],
        clock: Callable[[], int],
        hashed: Callable[[str], str],
    ) -> None:
        self._settings = settings
        self._source = source
        self._sessions = sessions
        self._decisions = decisions
        self._flags = flags
        self._switch = switch
        self._clock = clock
        self._hashed = hashed
        self._limits = Limits(settings.abusive_per_minute, settings.abusive_addresses)
        self._allowed = frozenset(text.strip() for text in settings.allow_list.split(",") if text.strip())

    def __call__(self, event: object, _: Context) -> dict[str, Any]:
        """Look at the minutes before the event's.

        Raises msgspec's `ValidationError` if it is no scheduled event, or what the report's source does: the alarm on
        the function's errors sees it.
        """
        at = msgspec.convert(event, Schedule).time
        window = int(at.timestamp()) // 60
        start, end = (datetime.fromtimestamp(minute * 60, UTC) for minute in (window - self._settings.windows, window))
        minutes = minutes_of(self._source.reports(start, end))
        now = self._clock()
        standing = self._decisions.routes(now)
        act = self._settings.hot_key_mode == "act" and self._switch()
        if act:
            self._restore(standing)
        decided: list[Decision] = []
        for key, units in minutes.items():
            session_id = session_id_of(key)
            if session_id is None:
                continue
            session = self._hashed(session_id)
            latest = [units.get(window - back, 0.0) for back in range(1, self._settings.windows + 1)]
            if not self._hot(latest, standing.get(session)):
                continue
            decision = self._decided(window, session_id, session, max(latest), dry_run=not act)
            self._tell(decision)
            if act and not decision.dry_run:
                self._act(decision, standing.get(session))
            decided.append(decision)
        measure(HOT_KEYS, len(decided))
        blocked = sum(one.action == "block" and not one.dry_run for one in decided)
        count(BLOCKED_SESSIONS, blocked)
        return {"hot": len(decided), "blocked": blocked, "dry_run": not act}

    def _hot(self, latest: list[float], standing: Flag | None) -> bool:
        """Hot in each of the minutes; one that was hot stays so down to a lower bound."""
        if all(units >= self._settings.hot_units for units in latest):
            return True
        ours = standing is not None and standing.source == "responder"
        return ours and latest[0] >= self._settings.release_units

    def _decided(self, window: int, session_id: str, session: str, units: float, *, dry_run: bool) -> Decision:
        """The decision of this window: the one that stands, or a new one, kept."""
        before = self._decisions.find(window, session)
        if before is not None:
            return before
        classification = classify(
            self._sessions.meta(session_id),
            self._activity(session, window),
            allowed=session in self._allowed,
            limits=self._limits,
        )
        mode = _MODES[classification]
        decision = Decision(session, window, classification, units, self._flag(mode, classification, window), dry_run)
        try:
            return self._decisions.record(decision, most_blocks=self._settings.blocks_a_window)
        except CapReached:
            limited = msgspec.structs.replace(decision, flag=self._flag("limit", classification, window))
            return self._decisions.record(limited, most_blocks=0)

    def _flag(self, mode: Mode, classification: Classification, window: int) -> Flag:
        # From the window, not from now: whoever looks at it later gives it no longer life.
        seconds = self._settings.block_seconds if mode == "block" else self._settings.flag_seconds
        return Flag(
            mode,
            until=(window * 60 + seconds) * 1000,
            reason=classification,
            rule=_RULE,
            per_minute=self._settings.limit_per_minute,
            version=window,
        )

    def _activity(self, session: str, window: int) -> Activity | None:
        if self._flags is None:
            return None
        try:
            return self._flags.activity(session, [window - back for back in range(self._settings.windows + 1)])
        except Unavailable:
            return None

    def _act(self, decision: Decision, standing: Flag | None) -> None:
        """Let the decision's flag stand, in the table first. An operator's flag goes before ours."""
        flag = decision.flag
        if flag is None or flag.until <= self._clock():
            return
        if standing is not None and standing.source == "operator":
            return
        if self._decisions.set_route(decision.session, flag, now=self._clock()):
            self._set(decision.session, flag)

    def _restore(self, standing: dict[str, Flag]) -> None:
        """Give Redis what it lost: flags of the table that it has not, or has otherwise."""
        if self._flags is None:
            return
        for session, flag in standing.items():
            try:
                if self._flags.get(session) != flag:
                    self._flags.set(session, flag)
            except Unavailable:
                return

    def _set(self, session: str, flag: Flag) -> None:
        if self._flags is None:
            return
        try:
            self._flags.set(session, flag)
        except Unavailable as error:
            # The next minute restores it from the table.
            log_error(RESPONDER_FAILED.name, error=error)

    def _tell(self, decision: Decision) -> None:
        log_event(
            HOT_KEY,
            session=decision.session,
            classification=decision.classification,
            action=decision.action,
            units=decision.units,
            dry_run=decision.dry_run,
        )
