"""RTC tokens, versions 006 and 007: parsed and verified as Agora's edge does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import zlib
from dataclasses import dataclass

DAY = 24 * 3600
SLACK = 600
"""Seconds over 24 h that are accepted as clock skew."""
_JOIN = 1
_RTC = 1


class TokenRefused(Exception):
    """The token admits nobody to a channel; the text says why."""


@dataclass(frozen=True)
class _Parts:
    app_id: str
    signature: bytes
    expires_at: float
    signed: bytes
    keys: tuple[bytes, ...]
    """The inputs of the signing key besides the certificate (007)."""
    channel: str | None = None
    uid: str | None = None


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    def take(self, length: int) -> bytes:
        piece = self._content[self._position : self._position + length]
        if len(piece) < length:
            raise TokenRefused("it is cut off")
        self._position += length
        return piece

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def string(self) -> bytes:
        return self.take(self.number(2))

    def privileges(self) -> dict[int, int]:
        return {self.number(2): self.number(4) for _ in range(self.number(2))}

    def rest(self) -> bytes:
        return self._content[self._position :]


def verify(token: str, *, app_id: str, certificate: str, channel: str, uid: int, now: float) -> float:
    """When the token expires (Unix time); TokenRefused if it does not admit that uid to that channel."""
    parts = _parsed(token)
    if parts.app_id != app_id:
        raise TokenRefused("it is for another App ID")
    if not any(_signature_fits(parts, certificate, channel, who) for who in (str(uid), "")):
        raise TokenRefused("its signature does not fit the App ID, channel and uid")
    if parts.expires_at <= now:
        raise TokenRefused("it has expired")
    if parts.expires_at > now + DAY + SLACK:
        raise TokenRefused("it claims to live longer than 24 h")
    return parts.expires_at


def _parsed(token: str) -> _Parts:
    readers = {"006": _read_006, "007": _read_007}
    read = readers.get(token[:3])
    if read is None:
        raise TokenRefused("its version is neither 006 nor 007")
    try:
        return read(token[3:])
    except (ValueError, zlib.error) as error:
        raise TokenRefused("it can't be decoded") from error


def _read_006(text: str) -> _Parts:
    reader = _Reader(base64.b64decode(text[32:], validate=True))
    signature = reader.string()
    reader.take(8)  # checksums of channel and uid: the signature says the same, and can't be forged
    message = reader.string()
    fields = _Reader(message)
    fields.number(4)
    longest = fields.number(4)
    join = _join_privilege(fields.privileges())
    return _Parts(text[:32], signature, join or longest, message, ())


def _read_007(text: str) -> _Parts:
    reader = _Reader(zlib.decompress(base64.b64decode(text, validate=True)))
    signature = reader.string()
    signed = reader.rest()
    app_id = reader.string().decode()
    issued, life, salt, _services = (reader.number(size) for size in (4, 4, 4, 2))
    if reader.number(2) != _RTC:
        raise TokenRefused("it is not for RTC")
    join = _join_privilege(reader.privileges())
    keys = (struct.pack("<I", issued), struct.pack("<I", salt))
    channel, uid = reader.string().decode(), reader.string().decode()
    return _Parts(app_id, signature, issued + min(life, join or life), signed, keys, channel, uid)


def _join_privilege(privileges: dict[int, int]) -> int:
    if _JOIN not in privileges:
        raise TokenRefused("it does not allow joining a channel")
    return privileges[_JOIN]


def _signature_fits(parts: _Parts, certificate: str, channel: str, uid: str) -> bool:
    if parts.channel is not None and (parts.channel, parts.uid) != (channel, uid):
        return False
    key, message = certificate.encode(), parts.signed
    for extra in parts.keys:
        key = hmac.new(extra, key, hashlib.sha256).digest()
    if parts.channel is None:
        message = f"{parts.app_id}{channel}{uid}".encode() + message
    return hmac.compare_digest(parts.signature, hmac.new(key, message, hashlib.sha256).digest())
