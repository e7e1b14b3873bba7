"""The RTC token that lets a recorder into its channel."""

from __future__ import annotations

import base64
import struct
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

LIFETIME = timedelta(hours=24)
"""The longest that Agora allows. A recorder's token can't be renewed, so it gets all of it."""

MAX_UID = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Tokens:
    """Builds tokens for one App ID. With an empty certificate there are none: the project does not ask for them.

    `ValueError` where App ID or certificate are not what Agora hands out; the package checks nothing, and a token
    built from a mistyped certificate looks fine until no recorder comes up.
    """

    app_id: str
    certificate: str = field(default="", repr=False)
    version: str = "006"

    def __post_init__(self) -> None:
        if not _is_32_hex_digits(self.app_id):
            raise ValueError("the App ID must be 32 hexadecimal digits")
        if self.certificate and not _is_32_hex_digits(self.certificate):
            raise ValueError("the App Certificate must be 32 hexadecimal digits, or empty")
        if self.version != getVersion():
            raise ValueError(f"tokens of version {self.version!r} can't be built; use {getVersion()}")

    def build(self, channel: str, uid: int, now: datetime) -> str:
        """A token for this uid in this channel, good for 24 hours from `now`; empty without a certificate.

        A recorder only listens, so the token does not allow it to publish.
        """
        if not 1 <= uid <= MAX_UID:
            raise ValueError(f"a recorder's uid is from 1 to {MAX_UID}, not {uid}")
        if not self.certificate:
            return ""
        expires = int((now + LIFETIME).timestamp())
        return str(
            RtcTokenBuilder.buildTokenWithUid(self.app_id, self.certificate, channel, uid, Role_Subscriber, expires)
        )


@dataclass(frozen=True, slots=True)
class TokenContents:
    """What a token says of itself. `expires_at` is when its holder is thrown out of the channel."""

    app_id: str
    expires_at: datetime


def read_back(token: str) -> TokenContents | None:
    """What this token says; None where it is not a token of version 006."""
    # AccessToken.fromString does the same, but prints what it stumbles over.
    if not token.startswith(getVersion()):
        return None
    signed_from = VERSION_LENGTH + APP_ID_LENGTH
    try:
        *_, message = unPackContent(base64.b64decode(token[signed_from:], validate=True))
        _, _, privileges = unPackMessages(message)
        expires_at = datetime.fromtimestamp(privileges[kJoinChannel], UTC)
    except (ValueError, KeyError, struct.error):
        return None
    return TokenContents(token[VERSION_LENGTH:signed_from], expires_at)


def _is_32_hex_digits(text: str) -> bool:
    return len(text) == 32 and all(character in "0123456789abcdefABCDEF" for character in text)
