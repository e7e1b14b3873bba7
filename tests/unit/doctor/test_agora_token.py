"""The check of Agora's token."""

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


def outcome(app_id: str, certificate: str, version: str = "006") -> tuple[bool, str]:
    tokens = Tokens(app_id, certificate, version)
    result = check_token(tokens, FunctionClock(lambda: datetime(2026, 6, 17, 11, 42, tzinfo=UTC)))
    assert result.check == "agora token"
    assert not certificate or certificate not in str(result)
    return result.ok, result.detail


@pytest.mark.parametrize("version", VERSIONS)
def test_a_usual_token_shows_its_expiry_and_what_is_not_proved(version: str) -> None:
    assert outcome(APP_ID, CERTIFICATE, version) == (
        True,
        "is built, good until 2026-06-18 11:42 UTC; only a real recording proves the certificate",
    )


def test_without_a_certificate_no_token_is_built() -> None:
    assert outcome(APP_ID, "") == (True, "none is sent: AGORA_APP_CERTIFICATE is empty")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_certificate_of_an_unusual_shape_is_doubted(version: str) -> None:
    ok, detail = outcome(APP_ID, MISTYPED, version)

    assert ok
    assert detail.endswith("; AGORA_APP_CERTIFICATE is not 32 hexadecimal digits: look again")
    assert "AGORA_APP_ID" not in detail


def test_an_app_id_of_an_unusual_shape_is_doubted() -> None:
    assert outcome("my-app", CERTIFICATE, "007")[0]
    assert outcome("my-app", CERTIFICATE, "007")[1].endswith("; AGORA_APP_ID is not 32 hexadecimal digits: look again")
    assert outcome("my-app", "") == (
        True,
        "none is sent: AGORA_APP_CERTIFICATE is empty; AGORA_APP_ID is not 32 hexadecimal digits: look again",
    )


@pytest.mark.parametrize("app_id", ["my-app", "four", "0" * 36, "0" * 31, "0" * 200])
def test_an_app_id_that_a_token_of_version_006_can_not_hold_is_doubted(app_id: str) -> None:
    assert outcome(app_id, CERTIFICATE) == (True, "is built; AGORA_APP_ID is not 32 hexadecimal digits: look again")
