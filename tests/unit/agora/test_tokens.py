"""Tokens for recorders."""

from __future__ import annotations

import base64
from datetime import timedelta
from zlib import crc32

import pytest
from agora_token_builder.AccessToken import AccessToken, unPackContent, unPackMessages
from hypothesis import given
from hypothesis import strategies as st

from agora.tokens import Tokens, read_back
from tests.unit.agora.fakes import APP_ID, CERTIFICATE, NOW

TOKENS = Tokens(APP_ID, CERTIFICATE)


def test_a_token_is_for_this_app_and_lives_for_24_hours() -> None:
    contents = read_back(TOKENS.build("daily", 7, NOW))

    assert contents is not None
    assert (contents.app_id, contents.expires_at) == (APP_ID, NOW + timedelta(hours=24))


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


@pytest.mark.parametrize("wrong", ["", "abc", APP_ID + "0", "g" * 32, "0" * 31 + "\n", "\u0660" * 32])
def test_an_app_id_that_agora_never_gave_out_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="App ID"):
        Tokens(wrong, CERTIFICATE)


@pytest.mark.parametrize("wrong", ["not-the-certificate", "z" * 32])
def test_a_mistyped_certificate_is_refused_and_not_shown(wrong: str) -> None:
    with pytest.raises(ValueError, match="Certificate") as refused:
        Tokens(APP_ID, wrong)

    assert wrong not in str(refused.value)


def test_a_version_that_cant_be_built_is_refused() -> None:
    with pytest.raises(ValueError, match="007"):
        Tokens(APP_ID, CERTIFICATE, version="007")


@given(st.one_of(st.text(), st.binary().map(lambda noise: f"006{APP_ID}{base64.b64encode(noise).decode()}")))
def test_what_is_no_token_reads_back_as_nothing_or_without_harm(text: str) -> None:
    read_back(text)


def test_what_is_no_token_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert [read_back(text) for text in ("", "007", f"006{APP_ID}", f"006{APP_ID}AAAA", "006" + "ä" * 99)] == [None] * 5
    assert capsys.readouterr() == ("", "")
