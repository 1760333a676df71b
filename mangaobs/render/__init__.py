"""From definitions to CloudFormation templates: model → troposphere → template."""

from mangaobs.render._render import MAX_BYTES, Template, declared, render
from mangaobs.render._shard import render_shards, write_shards
from mangaobs.render._values import Values
from mangaobs.render._write import to_json, to_yaml, write_text

__all__ = [
    "MAX_BYTES",
    "Template",
    "Values",
    "declared",
    "render",
    "render_shards",
    "to_json",
    "to_yaml",
    "write_shards",
    "write_text",
]
