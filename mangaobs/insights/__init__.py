"""Logs Insights queries, run here: over recordings, files of lines, exports and Parquet. Needs DuckDB and sqlglot."""

from mangaobs.insights._engine import MEMORY_MB, EngineError, macros
from mangaobs.insights._files import LogFile, given, recorded
from mangaobs.insights._plan import Unsupported
from mangaobs.insights._policy import QUESTIONS, Policy
from mangaobs.insights._run import Options, Result, depends, run, sql, touched, typed
from mangaobs.insights._window import Window, moment

__all__ = [
    "MEMORY_MB",
    "QUESTIONS",
    "EngineError",
    "LogFile",
    "Options",
    "Policy",
    "Result",
    "Unsupported",
    "Window",
    "depends",
    "given",
    "macros",
    "moment",
    "recorded",
    "run",
    "sql",
    "touched",
    "typed",
]
