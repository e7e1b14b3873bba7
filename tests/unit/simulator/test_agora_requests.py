"""What is checked before any call is looked at: route, credential, rate, App ID."""

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


@pytest.mark.parametrize("credential", ["Basic", "Basic !!", "Bearer x", "Basic eDp5"])
def test_a_wrong_credential_is_told_apart_from_a_missing_one(agora: ApiClient, credential: str) -> None:
    agora.authorization = credential
    reply = agora.acquire()
    assert (reply.status, reply.body) == (401, {"message": "Invalid authentication credentials"})


def test_the_secret_alone_is_not_enough(agora: ApiClient) -> None:
    pair = base64.b64encode(f"x:{agora.simulator.account.customer_secret}".encode()).decode()
    agora.authorization = f"Basic {pair}"
    assert agora.acquire().status == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1/apps/x/cloud_recording/acquire"),
        ("POST", "/v1/apps/x/cloud_recording/Acquire"),
        ("POST", "/v1/apps/x/cloud_recording/acquire/"),
        ("POST", "/v1/apps//cloud_recording/acquire"),
        ("POST", "/v1/apps/x/cloud_recording/resourceid/r/sid/s/mode/mix/query"),
    ],
)
def test_an_unknown_route_is_404_without_a_code(agora: ApiClient, method: str, path: str) -> None:
    reply = agora.send(method, path)
    assert (reply.status, reply.body) == (404, {"message": "no Route matched with those values"})


def test_another_app_id_is_invalid_in_the_words_of_each_call(agora: ApiClient) -> None:
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


def test_ten_requests_fit_in_any_second_and_no_more() -> None:
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


def test_the_busiest_second_is_known(agora: ApiClient) -> None:
    for pause in (0.6, 0.3, 0.05, 0.3, 5, 0):
        agora.acquire()
        agora.clock.advance(pause)
    assert agora.simulator.busiest_second() == 4
    assert agora.simulator.busiest_second("query") == 0


def test_every_request_is_kept_with_what_was_answered(agora: ApiClient) -> None:
    task = agora.recorded()
    agora.stop(task)
    operations = [seen.operation for seen in agora.simulator.requests()]
    assert operations == ["acquire", "start", "query", "stop"]
    (start,) = agora.simulator.requests("start")
    assert (start.channel, start.uid, start.status, start.outcome) == ("daily", "1001", 200, "answered")
    assert start.body["clientRequest"]["storageConfig"]["secretKey"] == "s"  # type: ignore[index]
    (query,) = agora.simulator.requests("query", sid=task.sid)
    assert query.channel == "daily"
