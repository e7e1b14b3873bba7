"""RTC tokens for recorders."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from datetime import timedelta
from zlib import crc32

import pytest
from agora_token_builder.AccessToken import AccessToken, unPackContent, unPackMessages
from hypothesis import given
from hypothesis import strategies as st

from agora import access_token2
from agora.tokens import Tokens, has_agora_format, read_back
from tests.unit.agora.fakes import APP_ID, CERTIFICATE, NOW

TOKENS = Tokens(APP_ID, CERTIFICATE)
VERSIONS = ["006", "007"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_token_is_for_its_app_and_expires_after_24_hours(version: str) -> None:
    token = Tokens(APP_ID, CERTIFICATE, version).build("daily", 7, NOW)
    contents = read_back(token)

    assert token.startswith(version)
    assert contents is not None
    assert (contents.app_id, contents.expires_at) == (APP_ID, NOW + timedelta(hours=24))


def test_a_token_of_version_007_counts_from_now_and_contains_the_salt() -> None:
    issued = int(NOW.timestamp())
    tokens = Tokens(APP_ID, CERTIFICATE, "007", salt=lambda: 7)

    assert tokens.build("daily", 4000000001, NOW) == access_token2.build(
        APP_ID, CERTIFICATE, "daily", 4000000001, issued=issued, lifetime=86400, salt=7
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_every_token_is_different(version: str) -> None:
    tokens = Tokens(APP_ID, CERTIFICATE, version)

    assert len({tokens.build("daily", 7, NOW) for _ in range(5)}) == 5


def test_a_token_is_signed_for_its_channel_and_uid() -> None:
    token = TOKENS.build("daily", 4000000001, NOW)
    signature, channel, uid, message = unPackContent(base64.b64decode(token[35:]))
    rebuilt = AccessToken(APP_ID, CERTIFICATE, "daily", 4000000001)
    rebuilt.salt, rebuilt.ts, rebuilt.messages = unPackMessages(message)

    assert (channel, uid) == (crc32(b"daily"), crc32(b"4000000001"))
    assert rebuilt.build() == token
    assert signature


def test_a_token_allows_joining_but_not_publishing() -> None:
    token = AccessToken()

    assert token.fromString(TOKENS.build("daily", 7, NOW))
    assert list(token.messages) == [1]


def test_without_a_certificate_there_is_no_token() -> None:
    assert Tokens(APP_ID).build("daily", 7, NOW) == ""


@pytest.mark.parametrize("uid", [0, -1, 2**32])
@pytest.mark.parametrize("certificate", [CERTIFICATE, ""])
def test_no_token_is_built_for_a_uid_out_of_range(certificate: str, uid: int) -> None:
    with pytest.raises(ValueError, match="uid"):
        Tokens(APP_ID, certificate).build("daily", uid, NOW)


@pytest.mark.parametrize("value", ["", " ", APP_ID + "\n", "two words", "no\u00a0break", "zero\u200bwidth", "\udcff"])
def test_an_app_id_with_white_space_or_unprintable_characters_is_rejected(value: str) -> None:
    with pytest.raises(ValueError, match="App ID"):
        Tokens(value, CERTIFICATE)


@pytest.mark.parametrize("value", ["the certificate", f"{CERTIFICATE}\n", "\tcertificate", "certificate\udcff"])
def test_a_certificate_with_such_characters_is_rejected_and_not_shown(value: str) -> None:
    with pytest.raises(ValueError, match="Certificate") as rejected:
        Tokens(APP_ID, value)

    assert value.strip() not in str(rejected.value)
    assert rejected.value.__context__ is None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("text", ["my-app", "g" * 32, "0" * 33, "é"])
def test_another_format_than_agoras_is_accepted_and_not_shown(version: str, text: str) -> None:
    tokens = Tokens(text, f"secret-{text}", version)

    assert tokens.build("daily", 7, NOW).startswith(version)
    assert "secret" not in repr(tokens)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (APP_ID, True),
        (APP_ID.upper(), True),
        ("", False),
        (APP_ID + "0", False),
        ("g" * 32, False),
        ("\u0660" * 32, False),
    ],
)
def test_agoras_format_is_32_hexadecimal_digits(text: str, expected: bool) -> None:
    assert has_agora_format(text) is expected


def test_an_unknown_version_is_rejected() -> None:
    with pytest.raises(ValueError, match="'005' can't be built; use 006 or 007"):
        Tokens(APP_ID, CERTIFICATE, version="005")


def random_tokens(start: str, pack: Callable[[bytes], bytes] = bytes) -> st.SearchStrategy[str]:
    return st.binary().map(lambda content: start + base64.b64encode(pack(content)).decode())


@given(st.one_of(st.text(), random_tokens(f"006{APP_ID}"), random_tokens("007"), random_tokens("007", zlib.compress)))
def test_no_text_makes_decoding_fail(text: str) -> None:
    read_back(text)


def test_decoding_an_invalid_token_returns_none_and_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    invalid = ("", "007", "007AAAA", "007" + "ä" * 99, f"006{APP_ID}", f"006{APP_ID}AAAA", "006" + "ä" * 99)

    assert [read_back(text) for text in invalid] == [None] * 7
    assert capsys.readouterr() == ("", "")
