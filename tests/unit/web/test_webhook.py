"""Agora's notifications over HTTP: what is answered, what is kept, and what is counted."""

from __future__ import annotations

import http.client
from collections import Counter
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from agora import notifications
from recordings.errors import StorageUnavailable
from recordings.model.notifications import Notification
from recordings.ports import NoMeter
from tests.fakes.agora_notifications import SECRET, a_notification, as_body, signed
from tests.fakes.outboxes import MemoryNotifications
from tests.fakes.repositories import Memory
from tests.fakes.rows import NOW, FakeClock, FunctionClock
from tests.unit.web.test_app import port_of
from web.app import LONGEST_BODY, web_app
from web.server import WebServer
from web.webhook import LONGEST_NOTICE, Webhook

STARTED = as_body(a_notification(40))
OTHER_EVENT = as_body(a_notification(30))
NO_UID = as_body(a_notification(40, uid="ana's own"))


class Tally(NoMeter):
    def __init__(self) -> None:
        self.notifications: Counter[tuple[str, str]] = Counter()

    def notification(self, event: str, outcome: str) -> None:
        self.notifications[event, outcome] += 1


class Door:
    """The route, with a store in memory behind it, and time that passes when a test says so."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.store = MemoryNotifications(self.memory, FakeClock())
        self.tally = Tally()
        self.seconds = 0.0
        self.woken = 0
        self.tries = 0
        self.away = False
        webhook = Webhook(
            lambda body, v1, v2: notifications.has_valid_signature(SECRET, body, v1, v2),
            lambda body: notifications.read(body, NOW),
            self.keep,
            self.wake,
            self.tally,
            FunctionClock(of_spans=lambda: self.seconds),
        )
        self.app = web_app(dict, webhook=webhook)
        self.client = self.app.test_client()

    def keep(self, notification: Notification) -> bool:
        self.tries += 1
        if self.away:
            raise StorageUnavailable("database is locked")
        return self.store.keep(notification)

    def wake(self) -> None:
        self.woken += 1

    def post(self, body: bytes = STARTED, headers: dict[str, str] | None = None) -> TestResponse:
        return self.client.post("/agora/webhook", data=body, headers=signed(body) if headers is None else headers)

    @property
    def counted(self) -> dict[tuple[str, str], int]:
        return dict(self.tally.notifications)


@pytest.fixture
def door() -> Door:
    return Door()


def test_a_notification_is_kept_answered_in_json_and_wakes_the_engine(door: Door) -> None:
    answer = door.post()

    assert (answer.status_code, answer.json, answer.mimetype) == (200, {}, "application/json")
    assert list(door.memory.notifications) == ["2000001428:4330:107"]
    assert (door.woken, door.counted) == (1, {("40", "kept"): 1})


def test_the_same_again_is_answered_the_same_and_changes_nothing(door: Door) -> None:
    answers = [door.post() for _ in range(3)]

    assert [(answer.status_code, answer.json) for answer in answers] == [(200, {})] * 3
    assert (door.woken, door.counted) == (1, {("40", "kept"): 1, ("40", "repeated"): 2})


@pytest.mark.parametrize(
    "body", [OTHER_EVENT, as_body({"productId": 1}), as_body(a_notification(cname="test_webhook", uid=12121212))]
)
def test_what_is_of_no_use_is_answered_200_so_that_it_does_not_come_again(door: Door, body: bytes) -> None:
    answer = door.post(body)

    assert (answer.status_code, answer.json) == (200, {})
    assert (door.tries, door.woken, door.counted) == (0, 0, {("other", "ignored"): 1})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(STARTED, "another secret"),
        signed(STARTED + b" "),
        {"Agora-Signature": signed(STARTED)["Agora-Signature"], "Agora-Signature-V2": "0" * 64},
        {"Agora-Signature-V2": "\xfc\xff"},
    ],
)
def test_a_signature_that_does_not_fit_is_refused_without_effect(door: Door, headers: dict[str, str]) -> None:
    assert door.post(STARTED, headers).status_code == 401
    assert (door.tries, door.woken, door.counted) == (0, 0, {("other", "refused"): 1})


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_the_content_type_is_not_trusted(door: Door, kind: str) -> None:
    assert door.post(STARTED, signed(STARTED) | {"Content-Type": kind}).status_code == 200
    assert door.counted == {("40", "kept"): 1}


@pytest.mark.parametrize("body", [NO_UID, b"", b"[]", b"productId=3"])
def test_what_cannot_be_read_is_malformed_and_not_quoted_in_the_log(door: Door, body: bytes) -> None:
    with capture_logs() as lines:
        answer = door.post(body)

    assert (answer.status_code, answer.json) == (400, {})
    assert (door.tries, door.counted) == (0, {("other", "malformed"): 1})
    (line,) = lines
    assert (line["event"], line["outcome"]) == ("notice_not_taken", "malformed")
    assert line["why"] in ("uid", "no JSON object")


def test_the_longest_is_taken_and_one_byte_more_is_not(door: Door) -> None:
    longest = STARTED + b" " * (LONGEST_NOTICE - len(STARTED))
    assert door.post(longest).status_code == 200
    assert door.post(longest + b" ").status_code == 413
    assert door.counted == {("40", "kept"): 1, ("other", "refused"): 1}


def test_many_at_once_are_taken_and_more_are_told_to_come_again(door: Door) -> None:
    statuses = [door.post().status_code for _ in range(1500)]
    assert set(statuses) == {200}

    answer = door.post()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert door.counted["other", "limited"] == 1

    door.seconds += 1
    statuses = [door.post().status_code for _ in range(301)]
    assert statuses == [200] * 300 + [429]


def test_while_the_database_is_away_agora_is_told_to_send_again(door: Door) -> None:
    door.away = True
    assert door.post().status_code == 503
    assert (door.woken, door.counted) == (0, {("40", "unavailable"): 1})

    door.away = False
    door.seconds += 1
    assert door.post().status_code == 200
    assert door.woken == 1


def test_while_the_database_is_away_one_request_a_second_tries_it(door: Door) -> None:
    door.away = True
    for _ in range(3):
        assert [door.post().status_code for _ in range(50)] == [503] * 50
        door.seconds += 1
    assert door.tries == 3

    door.away = False
    assert [door.post().status_code for _ in range(50)] == [200] * 50


def test_what_comes_again_and_again_is_in_the_log_once_a_minute(door: Door) -> None:
    with capture_logs() as lines:
        for _ in range(121):
            door.post(STARTED, {})
            door.post(NO_UID)
            door.seconds += 1

    assert Counter(line["outcome"] for line in lines) == {"refused": 3, "malformed": 3}
    assert door.counted == {("other", "refused"): 121, ("other", "malformed"): 121}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_it_is_only_posted_to(door: Door, method: str) -> None:
    assert door.client.open("/agora/webhook", method=method).status_code == 405
    assert door.counted == {}


def test_without_a_secret_there_is_no_such_route() -> None:
    client = web_app(dict).test_client()

    assert client.post("/agora/webhook", data=STARTED, headers=signed(STARTED)).status_code == 404


@pytest.fixture
def served(door: Door) -> Iterator[int]:
    server = WebServer(door.app, "127.0.0.1", 0)
    server.start()
    yield port_of(server)
    server.close()


def in_chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 10_000):
        yield body[start : start + 10_000]


@pytest.mark.parametrize(
    ("length", "status"), [(len(STARTED), 200), (LONGEST_NOTICE, 200), (LONGEST_NOTICE + 1, 413), (LONGEST_BODY, 413)]
)
def test_a_body_without_a_length_is_measured_as_well(door: Door, served: int, length: int, status: int) -> None:
    body = STARTED + b" " * (length - len(STARTED))
    connection = http.client.HTTPConnection("127.0.0.1", served, timeout=10)
    connection.request("POST", "/agora/webhook", in_chunks(body), signed(body), encode_chunked=True)

    assert connection.getresponse().status == status
    assert len(door.memory.notifications) == (status == 200)
    connection.close()


def test_a_body_that_is_far_too_long_is_not_even_waited_for(served: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served, timeout=10)
    connection.putrequest("POST", "/agora/webhook")
    connection.putheader("Content-Length", str(10 * LONGEST_BODY))
    connection.endheaders()

    assert connection.getresponse().status == 413
    connection.close()
