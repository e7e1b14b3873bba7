"""Whether a notification is Agora's. The body, the secret and the two signatures are those of Agora's own page
(broadcast-streaming-private-product/reference/_signature-verification: the newer pages give the same signatures, and
have lost a field of the body)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora.notifications import signature_fits

BODY = (
    b'{"eventMs":1560408533119,"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e-53f411c2761f","notifyMs":1560408533119,'
    b'"payload":{"a":"1","b":2},"productId":1}'
)
SHA1 = "033c62f40f687675f17f0f41f91a40c71c0f134c"
SHA256 = "6d3320c60b11101395b7fc8f9068748808a0aa1bfa064438e39d1bc2c7d74d99"


@pytest.mark.parametrize(
    ("v1", "v2", "fits"),
    [
        (SHA1, SHA256, True),
        (None, SHA256, True),
        (SHA1, None, True),
        (SHA1.upper(), SHA256.upper(), True),
        ("0" * 40, SHA256, True),
        (SHA1, "0" * 64, False),
        (SHA1, "", False),
        (SHA1, SHA1, False),
        (SHA256, None, False),
        (None, None, False),
        ("", "", False),
        (SHA1[:-1], SHA256[:-1], False),
        (None, f" {SHA256}", False),
        ("ü" * 40, None, False),
        (None, "\udcff", False),
    ],
)
def test_the_sha_256_signature_counts_and_the_other_only_where_it_is_missing(
    v1: str | None, v2: str | None, fits: bool
) -> None:
    assert signature_fits("secret", BODY, v1, v2) is fits


@pytest.mark.parametrize(("secret", "body"), [("Secret", BODY), ("secret", BODY + b" "), ("secret", b""), ("", BODY)])
def test_another_secret_or_another_byte_does_not_fit(secret: str, body: bytes) -> None:
    assert not signature_fits(secret, body, SHA1, SHA256)
    assert not signature_fits(secret, body, SHA1, None)


def test_no_secret_fits_nothing() -> None:
    empty = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
    assert not signature_fits("", b"", None, empty), "the signature of nothing with an empty secret"


@given(st.binary(max_size=50), st.none() | st.text(), st.none() | st.text())
def test_whatever_the_headers_hold_it_is_an_answer(body: bytes, v1: str | None, v2: str | None) -> None:
    assert signature_fits("secret", body, v1, v2) is False
