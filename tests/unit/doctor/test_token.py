"""What `bot.py check` says about the token."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agora.tokens import Tokens
from doctor.agora import check_token
from tests.fakes.rows import FunctionClock

APP_ID = "0123456789abcdef0123456789abcdef"
CERTIFICATE = "fedcba9876543210fedcba9876543210"
MISTYPED = "fedcba9876543210-mistyped"
VERSIONS = ["006", "007"]


def said(app_id: str, certificate: str, version: str = "006") -> tuple[bool, str]:
    tokens = Tokens(app_id, certificate, version)
    line = check_token(tokens, FunctionClock(lambda: datetime(2026, 6, 17, 11, 42, tzinfo=UTC)))
    assert line.check == "agora token"
    assert not certificate or certificate not in str(line)
    return line.ok, line.detail


@pytest.mark.parametrize("version", VERSIONS)
def test_a_token_that_can_be_built_says_until_when_it_is_good_and_what_nobody_can_tell_yet(version: str) -> None:
    assert said(APP_ID, CERTIFICATE, version) == (
        True,
        "is built, good until 2026-06-18 11:42 UTC; only a real recording proves the certificate",
    )


def test_without_a_certificate_there_is_nothing_to_build() -> None:
    assert said(APP_ID, "") == (True, "none is sent: AGORA_APP_CERTIFICATE is empty")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_certificate_of_an_unusual_shape_is_worth_a_second_look_and_no_more(version: str) -> None:
    ok, found = said(APP_ID, MISTYPED, version)

    assert ok
    assert found.endswith("; AGORA_APP_CERTIFICATE is not 32 hexadecimal digits: look again")
    assert "AGORA_APP_ID" not in found


def test_so_is_an_app_id() -> None:
    assert said("my-app", CERTIFICATE, "007")[0]
    assert said("my-app", CERTIFICATE, "007")[1].endswith("; AGORA_APP_ID is not 32 hexadecimal digits: look again")
    assert said("my-app", "") == (
        True,
        "none is sent: AGORA_APP_CERTIFICATE is empty; AGORA_APP_ID is not 32 hexadecimal digits: look again",
    )


@pytest.mark.parametrize("app_id", ["my-app", "four", "0" * 36, "0" * 31, "0" * 200])
def test_an_app_id_that_a_token_of_version_006_cant_hold_is_doubted(app_id: str) -> None:
    assert said(app_id, CERTIFICATE) == (True, "is built; AGORA_APP_ID is not 32 hexadecimal digits: look again")
