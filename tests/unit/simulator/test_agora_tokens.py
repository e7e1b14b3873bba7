"""RTC tokens: a bad one does not fail the start, but the recorder never joins."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import zlib

import pytest
from agora_token_builder import RtcTokenBuilder

from tests.unit.simulator.agora_client import DAY, ApiClient, api_client


@pytest.fixture
def agora() -> ApiClient:
    return api_client()


def outcome(agora: ApiClient, token: str) -> tuple[list[int | None], str | None]:
    """The statuses it shows over a minute, and what the simulator says about the token."""
    task = agora.task(token=token)
    seen: list[int | None] = []
    for _ in range(60):
        seen.append(agora.status(task))
        agora.clock.advance(1)
    return sorted(set(seen), key=seen.index), agora.simulator.recorders()[-1].token_problem


def pack(text: bytes) -> bytes:
    return struct.pack("<H", len(text)) + text


def token_007(agora: ApiClient, *, channel: str = "daily", uid: str = "1001", life: int = DAY) -> str:
    account = agora.simulator.account
    issued, salt = int(agora.clock.wall()), 12345
    service = struct.pack("<HHHI", 1, 1, 1, life) + pack(channel.encode()) + pack(uid.encode())
    signed = pack(account.app_id.encode()) + struct.pack("<IIIH", issued, life, salt, 1) + service
    key = hmac.new(struct.pack("<I", issued), account.app_certificate.encode(), hashlib.sha256).digest()
    key = hmac.new(struct.pack("<I", salt), key, hashlib.sha256).digest()
    signature = hmac.new(key, signed, hashlib.sha256).digest()
    return "007" + base64.b64encode(zlib.compress(pack(signature) + signed)).decode()


def test_a_good_token_lets_it_in(agora: ApiClient) -> None:
    assert outcome(agora, agora.token()) == ([0, 2, 3, 4], None)


def test_a_recorder_with_a_mismatching_token_never_joins() -> None:
    cases: list[tuple[str, float, str, str]] = [
        ("expired", -1, "daily", "1001"),
        ("24 h", 2 * DAY, "daily", "1001"),
        ("signature", DAY, "other", "1001"),
        ("signature", DAY, "daily", "1002"),
    ]
    for why, life, channel, uid in cases:
        agora = api_client()
        statuses, problem = outcome(agora, agora.token(channel, uid, life))
        assert statuses == [0, 2, 3, None]
        assert why in str(problem)


def test_a_recorder_with_a_malformed_token_never_joins() -> None:
    cases: list[str] = ["", "006", "nonsense", "006" + "a" * 32 + "!!!", "007AAAA", "005" + "a" * 60]
    for token in cases:
        agora = api_client()
        statuses, problem = outcome(agora, token)
        assert statuses == [0, 2, 3, None]
        assert problem


def test_a_recorder_with_a_token_of_another_project_never_joins(agora: ApiClient) -> None:
    for other in (api_client(app_id="b" * 32), api_client(app_certificate="b" * 32)):
        other.clock = agora.clock
        statuses, _ = outcome(agora, other.token())
        assert statuses == [0, 2, 3, None]


def test_a_token_for_any_uid_lets_it_in(agora: ApiClient) -> None:
    assert outcome(agora, agora.token(uid="0"))[0] == [0, 2, 3, 4]


def test_a_token_for_the_uid_text_zero_fits_no_other_uid(agora: ApiClient) -> None:
    account = agora.simulator.account
    until = int(agora.clock.wall()) + DAY
    token = RtcTokenBuilder.buildTokenWithAccount(account.app_id, account.app_certificate, "daily", "0", 2, until)
    assert outcome(agora, token)[0] == [0, 2, 3, None]


def test_version_007_is_understood(agora: ApiClient) -> None:
    assert outcome(agora, token_007(agora)) == ([0, 2, 3, 4], None)


def test_version_007_is_verified() -> None:
    for wrong in [{"channel": "other"}, {"uid": "7"}, {"life": 3 * DAY}]:
        agora = api_client()
        assert outcome(agora, token_007(agora, **wrong))[0] == [0, 2, 3, None]  # type: ignore[arg-type]


def test_without_a_certificate_no_token_is_needed() -> None:
    assert outcome(api_client(app_certificate=""), "")[0] == [0, 2, 3, 4]


def test_a_token_that_expires_ends_the_recorder(agora: ApiClient) -> None:
    agora.simulator.join("daily", 7)
    task = agora.task(token=agora.token(life=3600))
    agora.clock.advance(3598)
    assert agora.status(task) == 5
    agora.clock.advance(2)
    assert agora.status(task) is None
    assert agora.simulator.recorder("daily").ended_by == "token_expired"


def test_a_token_can_be_made_to_expire(agora: ApiClient) -> None:
    task = agora.recorded()
    agora.simulator.expire_token("daily")
    assert agora.status(task) is None
