"""`/agora/webhook`: what it answers, keeps and counts."""

from __future__ import annotations

import http.client
from collections import Counter
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from agora.notifications import SignedNotifications
from recordings.errors import StorageUnavailable
from recordings.model.notifications import Notification
from recordings.ports import NoMeter
from tests.fakes.agora_notifications import SECRET, a_notification, as_body, signed
from tests.fakes.outboxes import MemoryNotifications
from tests.fakes.repositories import Memory
from tests.fakes.rows import FakeClock, FunctionClock
from tests.unit.web.test_app import port_of
from web.app import MAX_BODY_BYTES, web_app
from web.server import WebServer
from web.webhook import MAX_NOTIFICATION_BYTES, Webhook

STARTED = as_body(a_notification(40))
OTHER_EVENT = as_body(a_notification(30))
NO_UID = as_body(a_notification(40, uid="ana's own"))


class CountingMeter(NoMeter):
    def __init__(self) -> None:
        self.notifications: Counter[tuple[str, str]] = Counter()

    def notification(self, event: str, outcome: str) -> None:
        self.notifications[event, outcome] += 1


class FailingNotifications(MemoryNotifications):
    """Counts the tries to keep a notification; fails while `away` is set."""

    tries = 0
    away = False

    def keep(self, notification: Notification) -> bool:
        self.tries += 1
        if self.away:
            raise StorageUnavailable("database is locked")
        return super().keep(notification)


class Bench:
    """The route with Agora's signatures, notifications in memory, and a clock that tests move."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.notifications = FailingNotifications(self.memory, FakeClock())
        self.meter = CountingMeter()
        self.clock = FakeClock()
        self.woken = 0
        source = SignedNotifications(SECRET, FunctionClock())
        webhook = Webhook(source, self.notifications, self.wake, self.meter, self.clock)
        self.app = web_app(dict, webhook=webhook)
        self.client = self.app.test_client()

    def wake(self) -> None:
        self.woken += 1

    def post(self, body: bytes = STARTED, headers: dict[str, str] | None = None) -> TestResponse:
        return self.client.post("/agora/webhook", data=body, headers=signed(body) if headers is None else headers)

    @property
    def counted(self) -> dict[tuple[str, str], int]:
        return dict(self.meter.notifications)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_notification_is_kept_answered_with_json_and_wakes_the_engine(bench: Bench) -> None:
    answer = bench.post()

    assert (answer.status_code, answer.json, answer.mimetype) == (200, {}, "application/json")
    assert list(bench.memory.notifications) == ["2000001428:4330:107"]
    assert (bench.woken, bench.counted) == (1, {("40", "kept"): 1})


def test_a_repeated_notification_is_answered_the_same_and_changes_nothing(bench: Bench) -> None:
    answers = [bench.post() for _ in range(3)]

    assert [(answer.status_code, answer.json) for answer in answers] == [(200, {})] * 3
    assert (bench.woken, bench.counted) == (1, {("40", "kept"): 1, ("40", "repeated"): 2})


@pytest.mark.parametrize(
    "body", [OTHER_EVENT, as_body({"productId": 1}), as_body(a_notification(cname="test_webhook", uid=12121212))]
)
def test_a_notification_of_no_use_is_answered_200_so_that_agora_does_not_repeat_it(bench: Bench, body: bytes) -> None:
    answer = bench.post(body)

    assert (answer.status_code, answer.json) == (200, {})
    assert (bench.notifications.tries, bench.woken, bench.counted) == (0, 0, {("other", "ignored"): 1})


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
def test_a_wrong_signature_is_refused_without_effect(bench: Bench, headers: dict[str, str]) -> None:
    assert bench.post(STARTED, headers).status_code == 401
    assert (bench.notifications.tries, bench.woken, bench.counted) == (0, 0, {("other", "refused"): 1})


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_the_content_type_does_not_matter(bench: Bench, kind: str) -> None:
    assert bench.post(STARTED, signed(STARTED) | {"Content-Type": kind}).status_code == 200
    assert bench.counted == {("40", "kept"): 1}


@pytest.mark.parametrize("body", [NO_UID, b"", b"[]", b"productId=3"])
def test_a_malformed_body_is_refused_and_not_quoted_in_the_log(bench: Bench, body: bytes) -> None:
    with capture_logs() as lines:
        answer = bench.post(body)

    assert (answer.status_code, answer.json) == (400, {})
    assert (bench.notifications.tries, bench.counted) == (0, {("other", "malformed"): 1})
    (line,) = lines
    assert (line["event"], line["outcome"]) == ("notification_rejected", "malformed")
    assert line["why"] in ("uid", "no JSON object")


def test_the_longest_body_is_accepted_and_one_byte_more_is_not(bench: Bench) -> None:
    longest = STARTED + b" " * (MAX_NOTIFICATION_BYTES - len(STARTED))
    assert bench.post(longest).status_code == 200
    assert bench.post(longest + b" ").status_code == 413
    assert bench.counted == {("40", "kept"): 1, ("other", "refused"): 1}


def test_a_burst_is_accepted_and_requests_beyond_it_are_told_to_retry(bench: Bench) -> None:
    statuses = [bench.post().status_code for _ in range(1500)]
    assert set(statuses) == {200}

    answer = bench.post()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert bench.counted["other", "limited"] == 1

    bench.clock.passes(1)
    statuses = [bench.post().status_code for _ in range(301)]
    assert statuses == [200] * 300 + [429]


def test_while_the_database_is_away_agora_is_told_to_send_again(bench: Bench) -> None:
    bench.notifications.away = True
    assert bench.post().status_code == 503
    assert (bench.woken, bench.counted) == (0, {("40", "unavailable"): 1})

    bench.notifications.away = False
    bench.clock.passes(1)
    assert bench.post().status_code == 200
    assert bench.woken == 1


def test_while_the_database_is_away_one_request_a_second_tries_it(bench: Bench) -> None:
    bench.notifications.away = True
    for _ in range(3):
        assert [bench.post().status_code for _ in range(50)] == [503] * 50
        bench.clock.passes(1)
    assert bench.notifications.tries == 3

    bench.notifications.away = False
    assert [bench.post().status_code for _ in range(50)] == [200] * 50


def test_repeated_refusals_are_logged_once_a_minute(bench: Bench) -> None:
    with capture_logs() as lines:
        for _ in range(121):
            bench.post(STARTED, {})
            bench.post(NO_UID)
            bench.clock.passes(1)

    assert Counter(line["outcome"] for line in lines) == {"refused": 3, "malformed": 3}
    assert bench.counted == {("other", "refused"): 121, ("other", "malformed"): 121}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_post_is_allowed(bench: Bench, method: str) -> None:
    assert bench.client.open("/agora/webhook", method=method).status_code == 405
    assert bench.counted == {}


def test_without_a_secret_there_is_no_such_route() -> None:
    client = web_app(dict).test_client()

    assert client.post("/agora/webhook", data=STARTED, headers=signed(STARTED)).status_code == 404


@pytest.fixture
def served(bench: Bench) -> Iterator[int]:
    server = WebServer(bench.app, "127.0.0.1", 0)
    server.start()
    yield port_of(server)
    server.close()


def in_chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 10_000):
        yield body[start : start + 10_000]


@pytest.mark.parametrize(
    ("length", "status"),
    [(len(STARTED), 200), (MAX_NOTIFICATION_BYTES, 200), (MAX_NOTIFICATION_BYTES + 1, 413), (MAX_BODY_BYTES, 413)],
)
def test_a_chunked_body_has_the_same_limit(bench: Bench, served: int, length: int, status: int) -> None:
    body = STARTED + b" " * (length - len(STARTED))
    connection = http.client.HTTPConnection("127.0.0.1", served, timeout=60)
    connection.request("POST", "/agora/webhook", in_chunks(body), signed(body), encode_chunked=True)

    assert connection.getresponse().status == status
    assert len(bench.memory.notifications) == (status == 200)
    connection.close()


def test_a_body_that_is_far_too_long_is_refused_before_it_arrives(served: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served, timeout=60)
    connection.putrequest("POST", "/agora/webhook")
    connection.putheader("Content-Length", str(10 * MAX_BODY_BYTES))
    connection.endheaders()

    assert connection.getresponse().status == 413
    connection.close()
