"""AgoraClient over a fake transport, and once over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from agora.client import AgoraClient
from agora.endpoints import EndpointPool
from agora.payloads import RecordingProfile
from agora.tokens import Tokens, read_back
from agora.transport import Call, Credentials, HttpResponse, HttpTransport
from recordings.errors import AlreadyStarted, NotFound, NotRouted, NotSent, RateLimited, Rejected, Unreadable
from recordings.model.recorder import Target
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted
from recordings.ports import CloudRecorder
from tests.fakes.cases import case
from tests.fakes.http_server import Exchange, serving
from tests.fakes.rows import FunctionClock
from tests.unit.agora.fakes import (
    ACCESS_KEY,
    APP_ID,
    CERTIFICATE,
    NOW,
    SECRET_KEY,
    STORAGE,
    TARGET,
    FakeTransport,
    answer,
    client_of,
)

RECORDINGS = f"/v1/apps/{APP_ID}/cloud_recording"
PREFIX = ("C012", "20260617")
CALLS: dict[str, Callable[[AgoraClient], object]] = {
    "acquire": lambda client: client.acquire("daily", 7),
    "start": lambda client: client.start(TARGET, PREFIX),
    "query": lambda client: client.query(TARGET),
    "stop": lambda client: client.stop(TARGET),
    "users": lambda client: client.users("daily"),
    "throw_out": lambda client: client.throw_out("daily", 7),
}


FOREIGN_RESPONSES = [
    HttpResponse(200, b"<html>Sign in to the hotel's network</html>"),
    HttpResponse(200, b""),
    HttpResponse(200, b"[]"),
    HttpResponse(200, b'{"ok": true}'),
    HttpResponse(204),
    HttpResponse(302, b"", {"Location": "https://elsewhere.example"}),
    HttpResponse(404, b'{"message": "no Route matched with those values"}'),
]
ENCRYPTED = RecordingProfile(encryption_mode=7, encryption_secret="the-key", encryption_salt="the-salt")


def line_of(call: Call) -> tuple[str, str, str]:
    return call.operation, call.method, call.path


def test_it_implements_the_port() -> None:
    recorder: CloudRecorder = client_of(FakeTransport())

    assert recorder is not None


def test_acquire_returns_the_resource_id() -> None:
    transport = FakeTransport(answer(resourceId="RES1"))

    assert client_of(transport).acquire("daily", 7) == "RES1"
    [call] = transport.calls
    assert line_of(call) == ("acquire", "POST", f"{RECORDINGS}/acquire")
    assert call.json is not None
    assert call.json["uid"] == "7"


def test_start_returns_the_sid_and_sends_a_token_for_24_hours() -> None:
    transport = FakeTransport(answer(resourceId="RES1", sid="38f8e3cf"))

    assert client_of(transport).start(TARGET, PREFIX) == "38f8e3cf"
    [call] = transport.calls
    assert line_of(call) == ("start", "POST", f"{RECORDINGS}/resourceid/RES%2B%2F%3D1/mode/mix/start")
    token = read_back(request_of(call)["token"])
    assert token is not None
    assert token.expires_at == NOW + timedelta(hours=24)


def test_start_sends_no_token_without_a_certificate() -> None:
    transport = FakeTransport(answer(sid="38f8e3cf"))
    client_of(transport, certificate="").start(TARGET, PREFIX)

    assert "token" not in request_of(transport.calls[0])


def request_of(call: Call) -> dict[str, Any]:
    assert call.json is not None
    request = call.json["clientRequest"]
    assert isinstance(request, dict)
    return request


def test_query_returns_status_and_files() -> None:
    transport = FakeTransport(answer(serverResponse={"status": 5, "fileListMode": "string", "fileList": "a.m3u8"}))

    assert client_of(transport).query(TARGET) == RecorderStatus(5, ("a.m3u8",))
    assert line_of(transport.calls[0]) == (
        "query",
        "GET",
        f"{RECORDINGS}/resourceid/RES%2B%2F%3D1/sid/38f8e3cf/mode/mix/query",
    )
    assert transport.calls[0].json is None


def test_stop_returns_the_status_of_the_upload() -> None:
    transport = FakeTransport(answer(sid="38f8e3cf", serverResponse={"uploadingStatus": "backuped"}))

    assert client_of(transport).stop(TARGET) == StopAccepted((), "backuped")
    assert line_of(transport.calls[0]) == (
        "stop",
        "POST",
        f"{RECORDINGS}/resourceid/RES%2B%2F%3D1/sid/38f8e3cf/mode/mix/stop",
    )


def test_users_percent_encodes_the_channel() -> None:
    transport = FakeTransport(answer(success=True, data={"channel_exist": True, "mode": 1, "users": [7]}))

    assert client_of(transport).users("a b?c#d%e&f+g") == ChannelUsers(frozenset({7}))
    assert line_of(transport.calls[0]) == ("users", "GET", f"/dev/v1/channel/user/{APP_ID}/a%20b%3Fc%23d%25e%26f%2Bg")


def test_throw_out_sends_channel_and_uid() -> None:
    transport = FakeTransport(answer(status="success", id=1953))
    client_of(transport).throw_out("daily", 7)

    [call] = transport.calls
    assert line_of(call) == ("throw_out", "POST", "/dev/v1/kicking-rule")
    assert call.json is not None
    assert call.json.items() >= {"appid": APP_ID, "cname": "daily", "uid": 7, "time_in_seconds": 600}.items()


@pytest.mark.parametrize("name", CALLS)
def test_a_response_that_is_not_agoras_is_not_routed(name: str) -> None:
    for response in FOREIGN_RESPONSES:
        with case(response.status, response.body):
            with pytest.raises(NotRouted) as failed:
                CALLS[name](client_of(FakeTransport(response)))

            assert failed.value.http_status == response.status


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("acquire", {"resourceId": ""}),
        ("acquire", {"resourceId": 7}),
        ("start", {"resourceId": "RES1", "sid": "a\x00b"}),
        ("query", {"serverResponse": {"status": "ready"}}),
        ("query", {"serverResponse": {"status": 9}}),
        ("query", {"serverResponse": {"status": -1}}),
        ("query", {"serverResponse": {"status": 99}}),
        ("users", {"data": {"channel_exist": True, "users": ["alice"]}}),
        ("throw_out", {"status": "failed"}),
    ],
)
def test_a_success_without_the_documented_value_is_unreadable(name: str, fields: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        CALLS[name](client_of(FakeTransport(answer(200, **fields))))


def test_every_documented_status_is_read() -> None:
    for status in (*range(9), 20):
        transport = FakeTransport(answer(200, serverResponse={"status": status}))
        assert client_of(transport).query(TARGET).status == status


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_sent_once_and_its_error_is_raised(name: str) -> None:
    failure = NotSent("no connection")
    transport = FakeTransport(failure)
    with pytest.raises(NotSent) as failed:
        CALLS[name](client_of(transport))

    assert failed.value is failure
    assert [call.operation for call in transport.calls] == [name]


def test_failed_responses_raise_the_error_of_their_operation() -> None:
    too_many = HttpResponse(429, b"{}", {"Retry-After": "3"})
    transport = FakeTransport(answer(201, code=7, sid="38f8e3cf"), answer(404, code=404), too_many)
    client = client_of(transport)

    with pytest.raises(AlreadyStarted) as started:
        client.start(TARGET, PREFIX)
    with pytest.raises(NotFound):
        client.query(TARGET)
    with pytest.raises(RateLimited) as limited:
        client.users("daily")
    assert (started.value.sid, limited.value.retry_after) == ("38f8e3cf", 3.0)


def test_no_error_repeats_a_secret_of_its_request() -> None:
    class Echo(FakeTransport):
        def send(self, call: Call) -> HttpResponse:
            return answer(400, code=2, reason=f"bad: {call.json}")

    client = AgoraClient(Echo(), Tokens(APP_ID, CERTIFICATE), ENCRYPTED, STORAGE, clock=FunctionClock())
    with pytest.raises(Rejected) as failed:
        client.start(TARGET, PREFIX)

    message = f"{failed.value!s}{failed.value!r}"
    assert "bad: " in message
    for secret in (ACCESS_KEY, SECRET_KEY, "the-key", "the-salt", "006" + APP_ID):
        assert secret not in message


def test_no_repr_shows_a_secret() -> None:
    client = client_of(FakeTransport(), profile=ENCRYPTED)
    shown = repr([client, Tokens(APP_ID, CERTIFICATE), ENCRYPTED, STORAGE])

    assert "calls" in shown
    for secret in (CERTIFICATE, ACCESS_KEY, SECRET_KEY, "the-key", "the-salt"):
        assert secret not in shown


def test_with_the_real_transport_it_speaks_http() -> None:
    def acquired(exchange: Exchange) -> None:
        exchange.answer(200, b'{"resourceId": "RES1"}')

    with serving(acquired) as host:
        transport = HttpTransport(EndpointPool([host.url]), Credentials("hush-id", "hush-secret"))
        client = AgoraClient(transport, Tokens(APP_ID, CERTIFICATE), RecordingProfile(), STORAGE, FunctionClock())
        assert client.acquire("daily", 7) == "RES1"
        client.close()

    assert host.received[0].path == f"{RECORDINGS}/acquire"


def test_a_recorder_without_a_sid_is_never_queried_or_stopped() -> None:
    unknown = Target("daily", 7, "RES1")
    transport = FakeTransport()
    client = client_of(transport)
    for call in (client.query, client.stop):
        with pytest.raises(ValueError, match="sid"):
            call(unknown)

    assert transport.calls == []
