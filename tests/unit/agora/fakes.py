"""Fakes for the network and for time."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from agora.client import AgoraClient
from agora.payloads import RecordingProfile, StorageTarget
from agora.tokens import Tokens
from agora.transport import Call, HttpResponse
from recordings.model.recorder import Target
from tests.fakes.rows import FunctionClock

APP_ID = "0123456789abcdef0123456789abcdef"
CERTIFICATE = "fedcba9876543210fedcba9876543210"
NOW = datetime(2026, 6, 17, 11, 42, tzinfo=UTC)
ACCESS_KEY = "the-access-key"
SECRET_KEY = "the/secret+key"
STORAGE = StorageTarget(vendor=1, region=1, bucket="calls", access_key=ACCESS_KEY, secret_key=SECRET_KEY)
TARGET = Target(channel="daily", uid=4000000001, resource_id="RES+/=1", sid="38f8e3cf")


def answer(http_status: int = 200, /, **fields: object) -> HttpResponse:
    return HttpResponse(http_status, json.dumps(fields).encode())


class FakeTransport:
    """Returns or raises the given responses in turn, and records the calls."""

    def __init__(self, *answers: HttpResponse | Exception) -> None:
        self.answers = list(answers)
        self.calls: list[Call] = []

    def send(self, call: Call) -> HttpResponse:
        self.calls.append(call)
        response = self.answers.pop(0)
        if isinstance(response, Exception):
            raise response
        return response

    def close(self) -> None:
        return None


def client_of(
    transport: FakeTransport,
    *,
    certificate: str = CERTIFICATE,
    profile: RecordingProfile | None = None,
    storage: StorageTarget = STORAGE,
) -> AgoraClient:
    return AgoraClient(
        transport, Tokens(APP_ID, certificate), profile or RecordingProfile(), storage, clock=FunctionClock(lambda: NOW)
    )


class FakeTime:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
