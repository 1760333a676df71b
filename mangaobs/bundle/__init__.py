"""The functions of a project as archives for Lambda: the same bytes every time, and only what each imports."""

from mangaobs.bundle._bundle import Bundle, bundle, provided
from mangaobs.bundle._platform import MACHINES

__all__ = ["MACHINES", "Bundle", "bundle", "provided"]
