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
    assert not certificate or certificate not in result.detail
    return result.ok, result.detail


@pytest.mark.parametrize("version", VERSIONS)
def test_a_usual_token_shows_its_expiry_and_what_is_not_proved(version: str) -> None:
    assert outcome(APP_ID, CERTIFICATE, version) == (
        True,
        "is built, valid until 2026-06-18 11:42 UTC; only a real recording proves the certificate",
    )


def test_without_a_certificate_no_token_is_built() -> None:
    assert outcome(APP_ID, "") == (True, "none is sent: AGORA_APP_CERTIFICATE is empty")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("certificate", "found"),
    [("abc", "3 characters"), (MISTYPED, "25 characters"), ("g" * 32, "no hexadecimal digits")],
)
def test_a_certificate_that_is_not_32_hexadecimal_digits_fails(certificate: str, found: str, version: str) -> None:
    ok, detail = outcome(APP_ID, certificate, version)

    assert not ok
    assert detail.startswith("AGORA_APP_CERTIFICATE has ")
    assert found in detail
    assert "a certificate has 32 hexadecimal digits. Copy it again: Agora Console, Projects" in detail
    assert detail.endswith("Primary certificate.")


@pytest.mark.parametrize("version", VERSIONS)
def test_no_token_is_built_for_an_app_id_that_has_failed(version: str) -> None:
    assert outcome("my-app", CERTIFICATE, version) == (True, "not tested, since agora app id failed")
