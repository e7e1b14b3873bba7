"""The simulator over real HTTP: faults, bases that go down, the control API."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from simulator.agora import AgoraOptions, AgoraServer, AgoraSimulator, Timing

ACQUIRE = {"cname": "daily", "uid": "1001", "clientRequest": {}}


@pytest.fixture
def server() -> Iterator[AgoraServer]:
    options = AgoraOptions(bases=2, timing=Timing().scaled(0.01), qps=1000, app_certificate="")
    with AgoraServer(AgoraSimulator(options)) as server:
        yield server


@pytest.fixture
def agora(server: AgoraServer) -> AgoraSimulator:
    return server.simulator


@pytest.fixture
def session(agora: AgoraSimulator) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.auth = (agora.account.customer_id, agora.account.customer_secret)
        yield session


def acquire(agora: AgoraSimulator, session: requests.Session, base: int = 0, **options: Any) -> requests.Response:
    url = f"{agora.urls[base]}/v1/apps/{agora.account.app_id}/cloud_recording/acquire"
    return session.post(url, json=ACQUIRE, **{"timeout": 5, **options})


def start(agora: AgoraSimulator, session: requests.Session) -> dict[str, str]:
    rid = acquire(agora, session).json()["resourceId"]
    storage = {"vendor": 1, "region": 0, "bucket": "b", "accessKey": "a", "secretKey": "s"}
    request = {"storageConfig": storage, "recordingConfig": {"maxIdleTime": 300}}
    url = f"{agora.url}/v1/apps/{agora.account.app_id}/cloud_recording/resourceid/{rid}/mode/mix/start"
    started: dict[str, str] = session.post(url, json={**ACQUIRE, "clientRequest": request}, timeout=5).json()
    return started


def control(server: AgoraServer, command: str, **arguments: object) -> Any:
    reply = requests.post(f"{server.control_url}/{command}", json=arguments, timeout=5).json()
    assert reply["ok"], reply
    return reply["result"]


def query(server: AgoraServer, what: str, **arguments: str) -> Any:
    return requests.get(f"{server.control_url}/{what}", params=arguments, timeout=5).json()["result"]


def test_connections_are_kept_alive_and_answers_come_at_once(agora: AgoraSimulator, session: requests.Session) -> None:
    acquire(agora, session)
    began = time.monotonic()
    for _ in range(20):
        assert acquire(agora, session).status_code == 200
    assert time.monotonic() - began < 1


def test_the_settings_are_complete(agora: AgoraSimulator) -> None:
    assert agora.settings["AGORA_API_URLS"] == ",".join(agora.urls)
    assert all(value for name, value in agora.settings.items() if name != "AGORA_APP_CERTIFICATE")


def test_a_named_answer_is_given_for_a_number_of_requests(agora: AgoraSimulator, session: requests.Session) -> None:
    agora.fault("acquire", answer="internal_error", times=2, skip=1)
    replies = [acquire(agora, session) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 500, 500, 200]
    assert replies[1].json() == {"code": 500, "reason": "internal_error"}


def test_any_answer_can_be_given_with_headers(agora: AgoraSimulator, session: requests.Session) -> None:
    agora.fault(status=429, body={"message": "slow down"}, headers={"Retry-After": "3"})
    agora.fault(status=502, body="<html>bad gateway</html>")
    limited, page = acquire(agora, session), acquire(agora, session)
    assert (limited.headers["Retry-After"], limited.json()) == ("3", {"message": "slow down"})
    assert (page.status_code, page.text) == (502, "<html>bad gateway</html>")
    assert page.headers["Content-Type"].startswith("text/html")


def test_a_fault_affects_only_matching_requests(agora: AgoraSimulator, session: requests.Session) -> None:
    agora.fault("acquire", answer="timeout", channel="other", times=None)
    agora.fault("acquire", answer="timeout", uid=7, times=None)
    agora.fault("query", answer="timeout", times=None)
    agora.fault("acquire", answer="internal_error", base=1, times=None)
    assert acquire(agora, session).status_code == 200
    assert acquire(agora, session, base=1).status_code == 500
    assert [fault.hits for fault in agora.faults()] == [0, 0, 0, 1]


def test_a_lost_request_does_nothing(agora: AgoraSimulator, session: requests.Session) -> None:
    agora.fault("start", lost="request")
    with pytest.raises(requests.ConnectionError):
        start(agora, session)
    assert agora.recorders() == []
    assert agora.requests("start")[0].outcome == "request lost"


def test_a_lost_answer_leaves_a_recorder_behind(agora: AgoraSimulator, session: requests.Session) -> None:
    agora.fault("start", lost="answer")
    with pytest.raises(requests.ConnectionError):
        start(agora, session)
    assert len(agora.running("daily")) == 1
    assert agora.requests("start")[0].outcome == "answer lost"


def test_another_answer_can_hide_a_request_that_was_carried_out(
    agora: AgoraSimulator, session: requests.Session
) -> None:
    agora.fault("start", answer="not_completed", processed=True)
    assert start(agora, session) == {"code": 65, "reason": "request not completed"}
    assert len(agora.running("daily")) == 1


@pytest.mark.parametrize(("side", "recorders"), [("request", 0), ("answer", 1)])
def test_clearing_a_fault_closes_the_connection_of_a_hanging_request(
    agora: AgoraSimulator, session: requests.Session, side: str, recorders: int
) -> None:
    number = agora.fault("start", hang=side)
    outcome: list[BaseException] = []

    def run() -> None:
        try:
            start(agora, session)
        except requests.ConnectionError as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    agora.wait_for(lambda simulator: simulator.in_flight("start"))
    agora.wait_for(lambda simulator: len(simulator.running()) == recorders)
    agora.clear_faults(number)
    thread.join(5)
    assert len(outcome) == 1


def test_a_slow_answer_arrives_late(agora: AgoraSimulator, session: requests.Session) -> None:
    agora.fault("acquire", delay_after=0.3)
    with pytest.raises(requests.ReadTimeout):
        acquire(agora, session, timeout=0.1)
    assert acquire(agora, session).status_code == 200


def test_a_base_that_is_down_refuses_connections_and_the_other_goes_on(
    agora: AgoraSimulator, session: requests.Session
) -> None:
    acquire(agora, session)
    agora.down(0)
    with pytest.raises(requests.ConnectionError):
        acquire(agora, session)
    assert acquire(agora, session, base=1).status_code == 200
    agora.up(0)
    assert acquire(agora, session).status_code == 200
    assert [seen.base for seen in agora.requests()] == [0, 1, 0]


def test_a_whole_recording_is_controlled_over_http(
    server: AgoraServer, agora: AgoraSimulator, session: requests.Session
) -> None:
    assert control(server, "join", channel="daily", uid=7) is True
    sid = start(agora, session)["sid"]
    agora.wait_for(lambda simulator: simulator.recorder("daily").status == 5)
    assert query(server, "running")[0]["sid"] == sid
    assert query(server, "people", channel="daily")[0]["uid"] == 7
    control(server, "fault", operation="query", answer="timeout")
    assert query(server, "faults")[0]["answer"]["status"] == 504
    assert control(server, "move", target="daily", duration=0.05)["status"] is None
    agora.wait_for(lambda simulator: simulator.recorder("daily").status == 5)
    assert control(server, "kill", target=sid)["ended_by"] == "killed"
    assert query(server, "recorder", target=sid)["running"] is False
    assert [seen["operation"] for seen in query(server, "requests")] == ["acquire", "start"]
    assert control(server, "wait", operation="start")[0]["status"] == 200
    control(server, "reset")
    assert query(server, "recorders") == []


def test_the_control_api_answers_on_a_base_too_and_while_every_base_is_down(
    server: AgoraServer, agora: AgoraSimulator
) -> None:
    assert requests.get(f"{agora.url}/_sim/settings", timeout=5).json()["result"] == agora.settings
    control(server, "down", base=0)
    control(server, "down", base=1)
    control(server, "up", base=0)
    assert requests.get(f"{agora.url}/_sim/busiest_second", timeout=5).json() == {"ok": True, "result": 0}


def test_an_invalid_command_is_an_error(server: AgoraServer) -> None:
    cases: list[tuple[str, dict[str, object]]] = [
        ("kill", {"target": "nobody"}),
        ("join", {"room": 1}),
        ("fault", {"operation": "dance"}),
        ("down", {"base": 9}),
    ]
    for command, arguments in cases:
        reply = requests.post(f"{server.control_url}/{command}", json=arguments, timeout=5)
        assert (reply.status_code, reply.json()["ok"]) == (400, False)
        assert requests.post(f"{server.control_url}/sing", timeout=5).status_code == 404


def test_waiting_ends_with_a_timeout(agora: AgoraSimulator) -> None:
    for looks in [lambda each: each.running(), lambda each: each.recorder("daily")]:
        with pytest.raises(TimeoutError):
            agora.wait_for(looks, timeout=0.05)


def test_stopping_the_server_ends_hanging_requests(session: requests.Session) -> None:
    server = AgoraServer(AgoraSimulator(AgoraOptions(app_certificate=""))).start()
    simulator = server.simulator
    session.auth = (simulator.account.customer_id, simulator.account.customer_secret)
    simulator.fault(hang="request", times=None)
    failed = threading.Event()

    def run() -> None:
        try:
            acquire(simulator, session)
        except requests.ConnectionError:
            failed.set()

    thread = threading.Thread(target=run)
    thread.start()
    simulator.wait_for(lambda each: each.in_flight())
    server.stop()
    thread.join(5)
    assert failed.is_set()
