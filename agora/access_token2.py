"""Version 007 of Agora's tokens (AccessToken2), of which a recorder needs one kind: to join an RTC channel.

After `007` come, deflated and in base64: `signature · app id · issued · life · salt · number of services`, then for
each service `type · privileges`, and for RTC `channel · uid`. Numbers are little-endian, of 16 or 32 bits; texts have
their length in front; times are seconds, the life and the privileges' ends counted from `issued`. The signature covers
all that follows it; its key is the certificate, hashed with `issued` and then with the salt.
"""

from __future__ import annotations

import base64
import hmac
import io
import struct
import zlib

VERSION = "007"

_RTC = 1
_JOIN_CHANNEL = 1


def build(app_id: str, certificate: str, channel: str, uid: int, *, issued: int, life: int, salt: int) -> str:
    """A token with which this uid may join the channel, and not publish, for `life` seconds from `issued`."""
    service = struct.pack("<HHHI", _RTC, 1, _JOIN_CHANNEL, life) + _packed(channel) + _packed(str(uid))
    signed = _packed(app_id) + struct.pack("<IIIH", issued, life, salt, 1) + service
    signature = _hashed(_signing_key(certificate, issued, salt), signed)
    return VERSION + base64.b64encode(zlib.compress(_packed(signature) + signed)).decode()


def read(token: str) -> tuple[str, int]:
    """The App ID, and when the holder is thrown out (Unix time).

    `ValueError`, `KeyError`, `struct.error` or `zlib.error` where this is no token whose first service is RTC.
    """
    content = io.BytesIO(zlib.decompress(base64.b64decode(token.removeprefix(VERSION), validate=True)))
    _signature, app_id = _unpacked(content), _unpacked(content).decode()
    issued, life, _salt, _services = struct.unpack("<IIIH", content.read(14))
    kind, privileges = struct.unpack("<HH", content.read(4))
    if kind != _RTC:
        raise ValueError("it is not for RTC")
    lives = dict(struct.iter_unpack("<HI", content.read(6 * privileges)))
    return app_id, issued + min(life, lives[_JOIN_CHANNEL])


def _signing_key(certificate: str, issued: int, salt: int) -> bytes:
    # The numbers are the keys here and the certificate is the message: the format has it that way round.
    return _hashed(struct.pack("<I", salt), _hashed(struct.pack("<I", issued), certificate.encode()))


def _hashed(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _packed(text: str | bytes) -> bytes:
    content = text.encode() if isinstance(text, str) else text
    return struct.pack("<H", len(content)) + content


def _unpacked(content: io.BytesIO) -> bytes:
    (length,) = struct.unpack("<H", content.read(2))
    return content.read(length)
