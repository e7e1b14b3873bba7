"""The checks that every request passes: route, credential, rate, App ID."""

from __future__ import annotations

import base64

import pytest

from tests.unit.simulator.agora_client import ApiClient, api_client


@pytest.fixture
def agora() -> ApiClient:
    return api_client()


def test_a_missing_credential_is_unauthorized(agora: ApiClient) -> None:
    agora.authorization = None
    reply = agora.acquire()
    assert (reply.status, reply.body) == (401, {"message": "Unauthorized"})


def test_a_wrong_credential_has_another_message_than_a_missing_one(agora: ApiClient) -> None:
    for credential in ["Basic", "Basic !!", "Bearer x", "Basic eDp5"]:
        agora.authorization = credential
        reply = agora.acquire()
        assert (reply.status, reply.body) == (401, {"message": "Invalid authentication credentials"})


def test_the_secret_alone_is_not_enough(agora: ApiClient) -> None:
    pair = base64.b64encode(f"x:{agora.simulator.account.customer_secret}".encode()).decode()
    agora.authorization = f"Basic {pair}"
    assert agora.acquire().status == 401


def test_an_unknown_route_is_404_without_a_code(agora: ApiClient) -> None:
    cases: list[tuple[str, str]] = [
        ("GET", "/"),
        ("GET", "/v1/apps/x/cloud_recording/acquire"),
        ("POST", "/v1/apps/x/cloud_recording/Acquire"),
        ("POST", "/v1/apps/x/cloud_recording/acquire/"),
        ("POST", "/v1/apps//cloud_recording/acquire"),
        ("POST", "/v1/apps/x/cloud_recording/resourceid/r/sid/s/mode/mix/query"),
    ]
    for method, path in cases:
        reply = agora.send(method, path)
        assert (reply.status, reply.body) == (404, {"message": "no Route matched with those values"})


def test_each_call_has_its_own_error_for_another_app_id(agora: ApiClient) -> None:
    body = {"cname": "daily", "uid": "1", "clientRequest": {}}
    acquired = agora.send("POST", "/v1/apps/other/cloud_recording/acquire", body)
    assert (acquired.status, acquired.body) == (400, {"code": 400, "reason": "invalid_appid"})
    queried = agora.send("GET", "/v1/apps/other/cloud_recording/resourceid/r/sid/s/mode/mix/query")
    assert (queried.status, queried.body) == (400, {"message": "appid is invalid"})
    users = agora.send("GET", "/dev/v1/channel/user/other/daily")
    assert (users.status, users.body) == (400, {"message": "invalid appid"})


def test_a_body_that_is_not_json_is_a_wrong_parameter(agora: ApiClient) -> None:
    agora.extra = {"content-type": "text/plain"}
    assert agora.acquire().code == 2


def test_ten_requests_are_allowed_in_any_second() -> None:
    agora = api_client(qps=10, retry_after=2)
    for _ in range(10):
        assert agora.acquire().status == 200
        agora.clock.advance(0.05)
    refused = agora.acquire()
    assert (refused.status, refused.body) == (429, {"message": "API rate limit exceeded"})
    assert refused.headers == {"Retry-After": "2"}
    agora.clock.advance(0.5)
    assert agora.acquire().status == 200
    assert agora.acquire().status == 429


def test_a_refused_request_does_not_count_against_the_rate() -> None:
    agora = api_client(qps=1)
    agora.acquire()
    agora.clock.advance(0.9)
    assert agora.acquire().status == 429
    agora.clock.advance(0.1)
    assert agora.acquire().status == 200


def test_the_busiest_second_is_counted(agora: ApiClient) -> None:
    for pause in (0.6, 0.3, 0.05, 0.3, 5, 0):
        agora.acquire()
        agora.clock.advance(pause)
    assert agora.simulator.busiest_second() == 4
    assert agora.simulator.busiest_second("query") == 0


def test_every_request_is_logged_with_its_answer(agora: ApiClient) -> None:
    task = agora.recorded()
    agora.stop(task)
    operations = [seen.operation for seen in agora.simulator.requests()]
    assert operations == ["acquire", "start", "query", "stop"]
    (start,) = agora.simulator.requests("start")
    assert (start.channel, start.uid, start.status, start.outcome) == ("daily", "1001", 200, "answered")
    assert start.body["clientRequest"]["storageConfig"]["secretKey"] == "s"  # type: ignore[index]
    (query,) = agora.simulator.requests("query", sid=task.sid)
    assert query.channel == "daily"
