"""Version 007 of Agora's tokens (AccessToken2), reduced to the one service that a recorder needs: RTC.

Layout: `007`, then in base64 and deflated `signature · app id · issued · lifetime · salt · number of services`, then
for each service `type · privileges`, and for RTC also `channel · uid`. Integers are little-endian, 16 or 32 bits.
Strings carry their length in front. Times are in seconds; the token's lifetime and the privileges' lifetimes count from
`issued`. The signature covers everything after it; its key is the certificate, hashed with `issued` and then with the
salt.
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


def build(app_id: str, certificate: str, channel: str, uid: int, *, issued: int, lifetime: int, salt: int) -> str:
    """A token that lets this uid join the channel, without publishing, for `lifetime` seconds from `issued`."""
    service = struct.pack("<HHHI", _RTC, 1, _JOIN_CHANNEL, lifetime) + _pack_string(channel) + _pack_string(str(uid))
    signed = _pack_string(app_id) + struct.pack("<IIIH", issued, lifetime, salt, 1) + service
    signature = _hmac_sha256(_signing_key(certificate, issued, salt), signed)
    return VERSION + base64.b64encode(zlib.compress(_pack_string(signature) + signed)).decode()


def read(token: str) -> tuple[str, int]:
    """The App ID, and the time (Unix) at which Agora removes the holder from the channel.

    Raises `ValueError`, `KeyError`, `struct.error` or `zlib.error` unless the token's first service is RTC.
    """
    content = io.BytesIO(zlib.decompress(base64.b64decode(token.removeprefix(VERSION), validate=True)))
    _signature, app_id = _unpack_string(content), _unpack_string(content).decode()
    issued, lifetime, _salt, _services = struct.unpack("<IIIH", content.read(14))
    kind, privileges = struct.unpack("<HH", content.read(4))
    if kind != _RTC:
        raise ValueError("it is not for RTC")
    lifetimes = dict(struct.iter_unpack("<HI", content.read(6 * privileges)))
    return app_id, issued + min(lifetime, lifetimes[_JOIN_CHANNEL])


def _signing_key(certificate: str, issued: int, salt: int) -> bytes:
    # The format uses the numbers as HMAC keys and the certificate as the message.
    return _hmac_sha256(struct.pack("<I", salt), _hmac_sha256(struct.pack("<I", issued), certificate.encode()))


def _hmac_sha256(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _pack_string(text: str | bytes) -> bytes:
    content = text.encode() if isinstance(text, str) else text
    return struct.pack("<H", len(content)) + content


def _unpack_string(content: io.BytesIO) -> bytes:
    (length,) = struct.unpack("<H", content.read(2))
    return content.read(length)
