"""From definitions to CloudFormation templates: model → troposphere → template."""

from mangaobs.render._render import Template, render, render_shards
from mangaobs.render._write import to_json, to_yaml

__all__ = ["Template", "render", "render_shards", "to_json", "to_yaml"]
