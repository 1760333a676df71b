"""Recordings: what happened, in the formats that AWS itself exports. Read as a stream, so that they may outgrow memory.

`Recording` is a folder (the layout is in docs/replay.md); `messages` reads single files of events. What cannot
be read is counted and named in `Bad`, and never stops the rest.
"""

from mangaobs.recording._fields import log_fields
from mangaobs.recording._files import Bad, BadLine, opened
from mangaobs.recording._messages import Message, messages
from mangaobs.recording._metrics import Sample, Statistics
from mangaobs.recording._recording import AlarmChange, LogEvent, Recording, Trail

__all__ = [
    "AlarmChange",
    "Bad",
    "BadLine",
    "LogEvent",
    "Message",
    "Recording",
    "Sample",
    "Statistics",
    "Trail",
    "log_fields",
    "messages",
    "opened",
]
