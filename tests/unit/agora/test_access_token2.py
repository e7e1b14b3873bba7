"""Version 007, against what Agora publishes: AgoraIO/Tools (MIT), DynamicKey/AgoraDynamicKey/python3/test.

AccessToken2Test.py there has App ID, certificate, names and moments, and the tokens that must come of them.
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
LIFE = 600

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


def built(*, channel: str = CHANNEL, uid: int = UID, issued: int = ISSUED, life: int = LIFE, salt: int = 1) -> str:
    return access_token2.build(APP_ID, CERTIFICATE, channel, uid, issued=issued, life=life, salt=salt)


def content(token: str) -> bytes:
    # Deflated bytes are another matter: every zlib may choose its own.
    return zlib.decompress(base64.b64decode(token.removeprefix("007"), validate=True))


def test_a_recorders_token_is_byte_for_byte_the_published_one() -> None:
    token = built()

    assert token.startswith("007")
    assert content(token) == content(MAY_JOIN)


@pytest.mark.parametrize("other", [{"channel": "x"}, {"uid": 1}, {"issued": 1}, {"life": 1}, {"salt": 2}])
def test_whatever_is_different_the_signature_is_too(other: dict[str, object]) -> None:
    length_and_signature = slice(34)

    token = built(**other)  # type: ignore[arg-type]

    assert content(token)[length_and_signature] != content(MAY_JOIN)[length_and_signature]


@pytest.mark.parametrize("published", [MAY_JOIN, EVERY_SERVICE])
def test_published_tokens_read_back(published: str) -> None:
    contents = read_back(published)

    assert contents is not None
    assert (contents.app_id, contents.expires_at.timestamp()) == (APP_ID, ISSUED + LIFE)


def test_a_token_for_another_service_is_none_for_a_recorder() -> None:
    assert read_back(CHAT_ONLY) is None


@pytest.mark.parametrize("length", range(len(content(MAY_JOIN)) - len(CHANNEL) - 14))
def test_a_token_that_is_cut_off_before_it_says_all_reads_back_as_nothing(length: int) -> None:
    cut = content(MAY_JOIN)[:length]

    assert read_back("007" + base64.b64encode(zlib.compress(cut)).decode()) is None


def test_the_holder_is_out_at_the_earlier_of_the_tokens_and_the_privileges_end() -> None:
    issued = int(NOW.timestamp())
    text = content(built(issued=issued))
    shorter = text.replace(LIFE.to_bytes(4, "little"), (60).to_bytes(4, "little"), 1)
    contents = read_back("007" + base64.b64encode(zlib.compress(shorter)).decode())

    assert isinstance(contents, TokenContents)
    assert contents.expires_at.timestamp() == issued + 60
