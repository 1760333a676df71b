"""The vocabulary that a person writes: alarms, metrics, dashboards, queries, filters, rules and runbooks."""
