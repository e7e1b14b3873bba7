"""Tokens for recorders."""

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
from agora.tokens import Tokens, is_usual, read_back
from tests.unit.agora.fakes import APP_ID, CERTIFICATE, NOW

TOKENS = Tokens(APP_ID, CERTIFICATE)
VERSIONS = ["006", "007"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_token_is_for_this_app_and_lives_for_24_hours(version: str) -> None:
    token = Tokens(APP_ID, CERTIFICATE, version).build("daily", 7, NOW)
    contents = read_back(token)

    assert token.startswith(version)
    assert contents is not None
    assert (contents.app_id, contents.expires_at) == (APP_ID, NOW + timedelta(hours=24))


def test_a_token_of_version_007_counts_from_now_and_carries_the_salt() -> None:
    issued = int(NOW.timestamp())
    tokens = Tokens(APP_ID, CERTIFICATE, "007", salt=lambda: 7)

    assert tokens.build("daily", 4000000001, NOW) == access_token2.build(
        APP_ID, CERTIFICATE, "daily", 4000000001, issued=issued, life=86400, salt=7
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_no_two_tokens_are_alike(version: str) -> None:
    tokens = Tokens(APP_ID, CERTIFICATE, version)

    assert len({tokens.build("daily", 7, NOW) for _ in range(5)}) == 5


def test_a_token_is_signed_for_this_channel_and_uid() -> None:
    token = TOKENS.build("daily", 4000000001, NOW)
    signature, channel, uid, message = unPackContent(base64.b64decode(token[35:]))
    same = AccessToken(APP_ID, CERTIFICATE, "daily", 4000000001)
    same.salt, same.ts, same.messages = unPackMessages(message)

    assert (channel, uid) == (crc32(b"daily"), crc32(b"4000000001"))
    assert same.build() == token
    assert signature


def test_a_recorder_may_join_and_not_publish() -> None:
    token = AccessToken()

    assert token.fromString(TOKENS.build("daily", 7, NOW))
    assert list(token.messages) == [1]


def test_without_a_certificate_there_is_no_token() -> None:
    assert Tokens(APP_ID).build("daily", 7, NOW) == ""


@pytest.mark.parametrize("uid", [0, -1, 2**32])
@pytest.mark.parametrize("certificate", [CERTIFICATE, ""])
def test_a_token_for_anybody_is_never_built(certificate: str, uid: int) -> None:
    with pytest.raises(ValueError, match="uid"):
        Tokens(APP_ID, certificate).build("daily", uid, NOW)


@pytest.mark.parametrize("wrong", ["", " ", APP_ID + "\n", "two words", "no\u00a0break", "zero\u200bwidth", "\udcff"])
def test_an_app_id_that_no_console_shows_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="App ID"):
        Tokens(wrong, CERTIFICATE)


@pytest.mark.parametrize("wrong", ["the certificate", f"{CERTIFICATE}\n", "\tcertificate", "certificate\udcff"])
def test_a_certificate_that_no_console_shows_is_refused_and_not_shown(wrong: str) -> None:
    with pytest.raises(ValueError, match="Certificate") as refused:
        Tokens(APP_ID, wrong)

    assert wrong.strip() not in str(refused.value)
    assert refused.value.__context__ is None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("text", ["my-app", "g" * 32, "0" * 33, "é"])
def test_another_shape_than_agoras_is_no_error_and_not_shown_either(version: str, text: str) -> None:
    tokens = Tokens(text, f"secret-{text}", version)

    assert tokens.build("daily", 7, NOW).startswith(version)
    assert "secret" not in repr(tokens)


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        (APP_ID, True),
        (APP_ID.upper(), True),
        ("", False),
        (APP_ID + "0", False),
        ("g" * 32, False),
        ("\u0660" * 32, False),
    ],
)
def test_what_agora_gives_out_is_32_hexadecimal_digits(text: str, usual: bool) -> None:
    assert is_usual(text) is usual


def test_a_version_that_cant_be_built_is_refused() -> None:
    with pytest.raises(ValueError, match="'005' can't be built; use 006 or 007"):
        Tokens(APP_ID, CERTIFICATE, version="005")


def noise(front: str, pack: Callable[[bytes], bytes] = bytes) -> st.SearchStrategy[str]:
    return st.binary().map(lambda content: front + base64.b64encode(pack(content)).decode())


@given(st.one_of(st.text(), noise(f"006{APP_ID}"), noise("007"), noise("007", zlib.compress)))
def test_what_is_no_token_reads_back_as_nothing_or_without_harm(text: str) -> None:
    read_back(text)


def test_what_is_no_token_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = ("", "007", "007AAAA", "007" + "ä" * 99, f"006{APP_ID}", f"006{APP_ID}AAAA", "006" + "ä" * 99)

    assert [read_back(text) for text in nothing] == [None] * 7
    assert capsys.readouterr() == ("", "")
