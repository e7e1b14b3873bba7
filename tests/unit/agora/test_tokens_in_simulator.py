"""The simulated Agora verifies the bot's tokens with a decoder of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from agora.client import AgoraClient
from agora.payloads import RecordingProfile
from agora.tokens import Tokens
from agora.transport import Call, HttpResponse
from recordings.errors import NotFound
from recordings.model.recorder import Target
from tests.fakes.rows import FunctionClock
from tests.unit.agora.fakes import STORAGE
from tests.unit.simulator.agora_client import ApiClient, api_client

UID = 4000000001


@dataclass
class SimulatorTransport:
    """A transport that calls the simulator without a network."""

    agora: ApiClient

    def send(self, call: Call) -> HttpResponse:
        reply = self.agora.send(call.method, call.path, call.json)
        return HttpResponse(reply.status, json.dumps(reply.body).encode(), reply.headers)

    def close(self) -> None:
        return None


def started(agora: ApiClient, tokens: Tokens) -> tuple[AgoraClient, Target]:
    def clock() -> datetime:
        return datetime.fromtimestamp(agora.clock.wall(), UTC)

    client = AgoraClient(SimulatorTransport(agora), tokens, RecordingProfile(), STORAGE, FunctionClock(clock))
    acquired = Target("daily", UID, client.acquire("daily", UID), "")
    sid = client.start(acquired, ("daily",))
    agora.clock.advance(20)
    return client, Target("daily", UID, acquired.resource_id, sid)


@pytest.mark.parametrize("version", ["006", "007"])
def test_a_recorder_with_a_token_records_until_it_expires_after_24_hours(version: str) -> None:
    agora = api_client()
    agora.simulator.join("daily", 7)
    account = agora.simulator.account
    client, target = started(agora, Tokens(account.app_id, account.app_certificate, version))

    assert client.query(target).status == 5
    agora.clock.advance(24 * 3600 - 40)
    assert client.query(target).status == 5
    agora.clock.advance(40)
    assert agora.simulator.recorder("daily").ended_by == "token_expired"


@pytest.mark.parametrize("version", ["006", "007"])
@pytest.mark.parametrize("certificate", ["b" * 32, "mistyped"])
def test_a_recorder_with_a_token_of_another_certificate_never_comes_up(version: str, certificate: str) -> None:
    agora = api_client()
    agora.simulator.join("daily", 7)
    client, target = started(agora, Tokens(agora.simulator.account.app_id, certificate, version))

    assert client.query(target).status == 3
    agora.clock.advance(40)
    with pytest.raises(NotFound):
        client.query(target)
    assert "signature" in str(agora.simulator.recorders()[-1].token_problem)
    assert not agora.simulator.recorders()[-1].recorded
