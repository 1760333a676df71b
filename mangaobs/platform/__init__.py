"""The secured platform of the design: sections 1, 3, 6 and 10, in the form in which it works on AWS."""

from mangaobs.platform._build import render_platform

__all__ = ["render_platform"]
