"""What waits in a queue is sealed: only who may use the key reads it.

Envelope encryption: a data key of KMS for each message, AES-256-GCM with it, and the encrypted data key beside it.
Source: KMS developer guide, "Data keys"; the encryption context stands in CloudTrail, so it holds no ids.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient

_NONCE_BYTES = 12


class _Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    data_key: bytes
    nonce: bytes
    sealed: bytes


class Seal:
    """Seals texts with the KMS key `key`, for one `purpose`: what was sealed for another cannot be opened."""

    def __init__(
        self, client: KMSClient, key: str, *, purpose: str, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._client = client
        self._key = key
        self._context = {"purpose": purpose}
        self._random = random

    def seal(self, content: bytes) -> str:
        """`content`, sealed, as JSON in ASCII. Raises what botocore does."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        made = self._client.generate_data_key(KeyId=self._key, KeySpec="AES_256", EncryptionContext=self._context)
        nonce = self._random(_NONCE_BYTES)
        sealed = AESGCM(made["Plaintext"]).encrypt(nonce, content, made["CiphertextBlob"])
        return msgspec.json.encode(_Envelope(1, made["CiphertextBlob"], nonce, sealed)).decode()

    def open(self, text: str) -> bytes:
        """What was sealed. Raises `ValueError` if it is nothing that was sealed so, or what botocore does."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            envelope = msgspec.json.decode(text, type=_Envelope)
        except (msgspec.DecodeError, UnicodeError):
            raise ValueError("not a sealed text") from None
        try:
            key = self._client.decrypt(
                CiphertextBlob=envelope.data_key, KeyId=self._key, EncryptionContext=self._context
            )["Plaintext"]
            return AESGCM(key).decrypt(envelope.nonce, envelope.sealed, envelope.data_key)
        except (InvalidTag, self._client.exceptions.InvalidCiphertextException):
            raise ValueError("a sealed text that was changed, or is for another purpose") from None
