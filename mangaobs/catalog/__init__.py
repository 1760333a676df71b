"""What AWS emits: namespaces, metrics, and the exact dimension sets each metric is published under.

CloudWatch treats every combination of namespace, metric name and dimensions as a metric of its own, and an
alarm on a combination that nobody publishes waits for ever. So a lookup compares whole sets of dimension
names: a metric published under ``TableName`` and ``Operation`` is not published under ``TableName`` alone.

Importing this package reads no data. The first lookup in a namespace reads the one file of that namespace.
The files and their legend are in ``data/``.
"""

from mangaobs.catalog._facts import MetricFacts
from mangaobs.catalog._load import complete, metrics, namespaces
from mangaobs.catalog._lookup import did_you_mean, emits, find, nearest

__all__ = ["MetricFacts", "complete", "did_you_mean", "emits", "find", "metrics", "namespaces", "nearest"]
