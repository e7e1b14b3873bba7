"""Version 007 against the tokens that Agora publishes: AgoraIO/Tools (MIT), DynamicKey/AgoraDynamicKey/python3/test.

AccessToken2Test.py has the App ID, certificate, names and times, and the resulting tokens.
"""

from __future__ import annotations

import base64
import zlib

import pytest

from agora import access_token2
from agora.tokens import TokenContents, read_back
from tests.unit.agora.fakes import NOW

APP_ID = "970CA35de60c44645bbae8a215061b33"
CERTIFICATE = "5CFd2fd1755d40ecb72977518be15d3b"
CHANNEL = "7d72365eb983485397e3e3f9d460bdda"
UID = 2882341273
ISSUED = 1111111
LIFETIME = 600

MAY_JOIN = (
    "007eJxTYBBbsMMnKq7p9Hf/HcIX5kce9b518kCiQgSr5Zrp4X1Tu6UUGCzNDZwdjU1TUs0Mkk1MzExMk5ISUy0SjQxNDcwMk4yN3b8IMEQwMTAwMoAw"
    "BIL4CgzmKeZGxmamqUmWFsYmFqbGluapxqnGaZYpJmYGSSkpiVwMRhYWRsYmhkbmxgDCaiTj"
)
EVERY_SERVICE = (
    "007eJxTYHh8IPKzTvBdf9ce8bk7G61vs06oca1e815/ot4+x7rfjDIKDJbmBs6OxqYpqWYGySYmZiamSUmJqRaJRoamBmaGScbG7l8EGCKYGBgYGRgY"
    "WIEkCxCD+ExgkhlMsoBJBQbzFHMjYzPT1CRLC2MTC1NjS/NU41TjNMsUEzODpJSURC4GIwsLI2MTQyNzYyagORCTkEVZ4KKsWOXZgWIQm1HF//8HAL01"
    "L5I="
)
CHAT_ONLY = (
    "007eJxTYNDNaz3snC8huEfHWdz6s98qltq4zqy9fl99Uh0FDvy6F6DAYGlu4OxobJqSamaQbGJiZmKalJSYapFoZGhqYGaYZGzs/kWAIYKJgYGRAYRZ"
    "gZgJzGdgAACt8hhr"
)


def build(
    *, channel: str = CHANNEL, uid: int = UID, issued: int = ISSUED, lifetime: int = LIFETIME, salt: int = 1
) -> str:
    return access_token2.build(APP_ID, CERTIFICATE, channel, uid, issued=issued, lifetime=lifetime, salt=salt)


def content(token: str) -> bytes:
    # Not the deflated bytes: they depend on the version of zlib.
    return zlib.decompress(base64.b64decode(token.removeprefix("007"), validate=True))


def encode(content: bytes) -> str:
    return "007" + base64.b64encode(zlib.compress(content)).decode()


def test_a_recorders_token_equals_the_published_one() -> None:
    token = build()

    assert token.startswith("007")
    assert content(token) == content(MAY_JOIN)


@pytest.mark.parametrize("change", [{"channel": "x"}, {"uid": 1}, {"issued": 1}, {"lifetime": 1}, {"salt": 2}])
def test_every_argument_changes_the_signature(change: dict[str, object]) -> None:
    length_and_signature = slice(34)

    token = build(**change)  # type: ignore[arg-type]

    assert content(token)[length_and_signature] != content(MAY_JOIN)[length_and_signature]


@pytest.mark.parametrize("published", [MAY_JOIN, EVERY_SERVICE])
def test_published_tokens_are_decoded(published: str) -> None:
    contents = read_back(published)

    assert contents is not None
    assert (contents.app_id, contents.expires_at.timestamp()) == (APP_ID, ISSUED + LIFETIME)


def test_a_token_for_another_service_is_not_decoded() -> None:
    assert read_back(CHAT_ONLY) is None


def test_a_truncated_token_is_not_decoded() -> None:
    whole = content(MAY_JOIN)
    channel_and_uid = len(CHANNEL) + 14

    decoded = [length for length in range(len(whole) - channel_and_uid) if read_back(encode(whole[:length]))]

    assert decoded == []


def test_a_token_expires_at_the_earlier_of_its_own_and_the_privileges_end() -> None:
    issued = int(NOW.timestamp())
    shorter = content(build(issued=issued)).replace(LIFETIME.to_bytes(4, "little"), (60).to_bytes(4, "little"), 1)
    contents = read_back(encode(shorter))

    assert isinstance(contents, TokenContents)
    assert contents.expires_at.timestamp() == issued + 60
