"""What a Lambda function declares beside its code: the variables of its environment, and what it may do.

Functions read their settings by it when they start; the project reads the same declarations as data.
"""

from mangaobs.functions._permissions import BUCKET_ACTIONS, KINDS, LEADING_KEYS, Permission, Permissions, Resource
from mangaobs.functions._settings import Variable, read, variables

__all__ = [
    "BUCKET_ACTIONS",
    "KINDS",
    "LEADING_KEYS",
    "Permission",
    "Permissions",
    "Resource",
    "Variable",
    "read",
    "variables",
]
