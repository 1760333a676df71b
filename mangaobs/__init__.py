"""CloudWatch observability as Python, proven before it is deployed."""

__version__ = "0.1.0"
