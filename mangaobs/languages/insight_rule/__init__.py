"""The rules of Contributor Insights: read, checked, and counted over log events.

Source: CloudWatch User Guide, "Contributor Insights rule syntax". CloudWatch's own counts are approximate; these are
exact.
"""

from mangaobs.languages.insight_rule._rule import Contribution, Filter, InsightRule, parse
from mangaobs.languages.insight_rule._top import Contributors

__all__ = ["Contribution", "Contributors", "Filter", "InsightRule", "parse"]
