"""The person's account: signed out and closed when erasure begins, told when it is over, deleted last.

The address is in the account alone: the confirmation goes out while it is there. One that was sent but not noted is
sent again.
Source: Cognito API reference, AdminUserGlobalSignOut, AdminDisableUser, AdminDeleteUser; SES API v2, SendEmail, with
its errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.runtime import log_publish_operation

from .._clients import code_of

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_sesv2 import SESV2Client

    from ..subjects import Patience

SENT: Final = "sent"
NO_SENDER: Final = "no_sender"
NO_ADDRESS: Final = "no_address"
REFUSED: Final = "refused"
DELETED: Final = "deleted"
NO_ACCOUNT: Final = "no_account"

_SUBJECT: Final = "Your data has been erased"
_TEXT: Final = (
    "You asked us to erase your data, and we have. Your conversations, their copies and everything derived from them "
    "that could be linked to you are gone; backups that cannot be changed expire by themselves, and if one is ever "
    "restored, your data is erased from it before it is used.\n\n"
    "Your account and this address are deleted with this message: it is the last that you get from us.\n\n"
    "Request {request_id}\n"
)


# SES's codes for what it does not send, today or ever.
_REFUSED: Final = frozenset(
    (
        "AccountSuspendedException",
        "BadRequestException",
        "MailFromDomainNotVerifiedException",
        "MessageRejected",
        "SendingPausedException",
    )
)


class MailRefused(Exception):  # noqa: N818 - an answer of SES
    """SES does not send the confirmation. Why is in its message, which has the address: it stays there."""


class Accounts:
    """The accounts of the user pool `pool`; mail goes out from `sender`. Without a pool nobody has an account."""

    def __init__(
        self,
        users: CognitoIdentityProviderClient | None,
        mail: SESV2Client | None,
        *,
        pool: str,
        sender: str,
        patience: Patience,
    ) -> None:
        self._users = users
        self._mail = mail
        self._pool = pool
        self._sender = sender
        self._patience = patience

    def close(self, customer_id: str) -> None:
        """Let nobody sign in to the account any more, if there is one."""
        users = self._users
        if users is None:
            return
        try:
            self._patience(lambda: users.admin_disable_user(UserPoolId=self._pool, Username=customer_id))
            self._patience(lambda: users.admin_user_global_sign_out(UserPoolId=self._pool, Username=customer_id))
        except users.exceptions.UserNotFoundException:
            return

    def confirm(self, customer_id: str, request_id: str) -> str:
        """Tell the person at their verified address: `sent`, `no_sender` or `no_address`. Raises `MailRefused`."""
        mail = self._mail
        if mail is None:
            return NO_SENDER
        address = self._address(customer_id)
        if not address:
            return NO_ADDRESS

        def call() -> None:
            with log_publish_operation("SendEmail:Confirmation", destination="customer"):
                mail.send_email(
                    FromEmailAddress=self._sender,
                    Destination={"ToAddresses": [address]},
                    Content={
                        "Simple": {
                            "Subject": {"Data": _SUBJECT},
                            "Body": {"Text": {"Data": _TEXT.format(request_id=request_id)}},
                        }
                    },
                )

        try:
            self._patience(call)
        except mail.exceptions.ClientError as error:
            if code_of(error) in _REFUSED:
                raise MailRefused from None
            raise
        return SENT

    def delete(self, customer_id: str) -> str:
        """Delete the account; `deleted`, or `no_account` if there is none."""
        users = self._users
        if users is None:
            return NO_ACCOUNT
        try:
            self._patience(lambda: users.admin_delete_user(UserPoolId=self._pool, Username=customer_id))
        except users.exceptions.UserNotFoundException:
            return NO_ACCOUNT
        return DELETED

    def _address(self, customer_id: str) -> str:
        users = self._users
        if users is None:
            return ""
        try:
            user = self._patience(lambda: users.admin_get_user(UserPoolId=self._pool, Username=customer_id))
        except users.exceptions.UserNotFoundException:
            return ""
        attributes = {one["Name"]: one.get("Value", "") for one in user["UserAttributes"]}
        return attributes.get("email", "") if attributes.get("email_verified") == "true" else ""
