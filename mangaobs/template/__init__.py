"""Reads any CloudFormation template, tolerantly: every value is known, or `Unknown` with its expression and place.

JSON and YAML, ours, CDK's, SAM's, nested stacks, and several templates as one app.
"""

from mangaobs.template._nodes import Node, compose
from mangaobs.template._resolve import Unknown, holds_unknown
from mangaobs.template._template import Resource, Template, physical_form, read
from mangaobs.template._worlds import World, worlds

__all__ = [
    "Node",
    "Resource",
    "Template",
    "Unknown",
    "World",
    "compose",
    "holds_unknown",
    "physical_form",
    "read",
    "worlds",
]
