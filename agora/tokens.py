"""The RTC token that lets a recorder into its channel."""

from __future__ import annotations

import base64
import secrets
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from agora_token_builder.AccessToken import (
    APP_ID_LENGTH,
    VERSION_LENGTH,
    getVersion,
    kJoinChannel,
    unPackContent,
    unPackMessages,
)
from agora_token_builder.RtcTokenBuilder import (
    Role_Subscriber,
    RtcTokenBuilder,
)

from agora import access_token2

LIFETIME = timedelta(hours=24)
"""The maximum that Agora allows, because a recorder's token can't be renewed."""

MAX_UID = 2**32 - 1

_MAX_SALT = 99_999_999
"""As in Agora's own builders; the field itself has 32 bits."""


def _random_salt() -> int:
    return 1 + secrets.randbelow(_MAX_SALT)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Builds tokens for one App ID. An empty certificate means that the project needs no tokens.

    Raises `ValueError` for an App ID or certificate with white space or unprintable characters. An unusual format is
    allowed, although with a mistyped certificate no recorder ever comes up: see `has_agora_format`.
    """

    app_id: str
    certificate: str = field(default="", repr=False)
    version: str = "006"
    salt: Callable[[], int] = field(default=_random_salt, repr=False, compare=False)
    """The salt of version 007; for 006 the library picks its own."""

    def __post_init__(self) -> None:
        if not self.app_id or not _is_one_printable_word(self.app_id):
            raise ValueError("the App ID must not be empty, nor hold white space or what can't be printed")
        if not _is_one_printable_word(self.certificate):
            raise ValueError("the App Certificate must not hold white space or what can't be printed")
        if self.version not in _READERS:
            raise ValueError(f"tokens of version {self.version!r} can't be built; use {' or '.join(_READERS)}")

    def build(self, channel: str, uid: int, now: datetime) -> str:
        """A token for this uid in this channel, valid for 24 hours from `now`; empty without a certificate.

        It does not allow publishing: a recorder only subscribes.
        """
        if not 1 <= uid <= MAX_UID:
            raise ValueError(f"a recorder's uid is from 1 to {MAX_UID}, not {uid}")
        if not self.certificate:
            return ""
        build = self._version_007 if self.version == access_token2.VERSION else self._version_006
        return build(channel, uid, int(now.timestamp()), int(LIFETIME.total_seconds()))

    def _version_006(self, channel: str, uid: int, issued: int, lifetime: int) -> str:
        return str(
            RtcTokenBuilder.buildTokenWithUid(
                self.app_id, self.certificate, channel, uid, Role_Subscriber, issued + lifetime
            )
        )

    def _version_007(self, channel: str, uid: int, issued: int, lifetime: int) -> str:
        return access_token2.build(
            self.app_id, self.certificate, channel, uid, issued=issued, lifetime=lifetime, salt=self.salt()
        )


@dataclass(frozen=True, slots=True)
class TokenContents:
    """What a token states. `expires_at`: when Agora removes its holder from the channel."""

    app_id: str
    expires_at: datetime


def read_back(token: str) -> TokenContents | None:
    """Decodes a token without verifying its signature; None for anything but a token of version 006 or 007."""
    read = _READERS.get(token[:VERSION_LENGTH])
    if read is None:
        return None
    try:
        app_id, expires = read(token)
    except (ValueError, KeyError, struct.error, zlib.error):
        return None
    return TokenContents(app_id, datetime.fromtimestamp(expires, UTC))


def has_agora_format(text: str) -> bool:
    """Whether this has the format of the App IDs and certificates that Agora issues: 32 hexadecimal digits."""
    return len(text) == 32 and all(character in "0123456789abcdefABCDEF" for character in text)


def _read_006(token: str) -> tuple[str, int]:
    # AccessToken.fromString does the same, but prints its errors.
    content_start = VERSION_LENGTH + APP_ID_LENGTH
    *_, message = unPackContent(base64.b64decode(token[content_start:], validate=True))
    _, _, privileges = unPackMessages(message)
    return token[VERSION_LENGTH:content_start], privileges[kJoinChannel]


_READERS: dict[str, Callable[[str], tuple[str, int]]] = {
    getVersion(): _read_006,
    access_token2.VERSION: access_token2.read,
}


def _is_one_printable_word(text: str) -> bool:
    return text.isprintable() and " " not in text
