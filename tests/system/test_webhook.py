"""Agora's notifications to the real process: signed ones are stored once and answered, even in a burst.

`make test ARGS="-k test_webhook -s"` prints the figures of docs/operations.md.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

from tests.fakes.agora_notifications import SECRET, a_notification, as_body, signed
from tests.system.conftest import ON_BOTH, Stack

SENDERS, BURST = 20, 1000
INTERVAL, TOLERANCE = 0.4, 1.5
"""In seconds: between two queries, and the delay allowed while both cores are busy."""


def post(port: int, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/agora/webhook", body, dict(headers))
        response = connection.getresponse()
        return response.status, response.read().strip()
    finally:
        connection.close()


def recorder_fields(stack: Stack) -> dict[str, Any]:
    """The fields by which a notification names the only recorder."""
    (row,) = stack.bot.rows("SELECT agora_channel, uid, sid FROM recorders")
    return {"cname": row["agora_channel"], "uid": str(row["uid"]), "sid": row["sid"]}


@ON_BOTH
def test_a_notification_that_is_delivered_three_times_is_stored_once(stack: Stack, port: int) -> None:
    stack.start(HTTP_PORT=str(port), AGORA_WEBHOOK_SECRET=SECRET)
    stack.recording()
    body = as_body(a_notification(**recorder_fields(stack)))

    responses = [post(port, body, signed(body)) for _ in range(3)]

    assert responses == [(200, b"{}")] * 3
    (notification,) = stack.bot.rows("SELECT id, recording_id FROM notices")
    (recording,) = stack.bot.rows("SELECT id FROM recordings")
    assert (notification["id"], notification["recording_id"]) == ("2000001428:4330:107", recording["id"])


def test_a_notification_without_a_valid_signature_is_rejected(stack: Stack, port: int) -> None:
    stack.start(HTTP_PORT=str(port), AGORA_WEBHOOK_SECRET=SECRET)
    body = as_body(a_notification())

    assert post(port, body, {})[0] == 401
    assert post(port, body, signed(body, "another secret"))[0] == 401
    assert post(port, body, signed(body + b" "))[0] == 401
    assert stack.bot.rows("SELECT id FROM notices") == []
    assert SECRET not in stack.bot.log


def test_the_test_of_agoras_console_is_answered(stack: Stack, port: int) -> None:
    stack.start(HTTP_PORT=str(port), AGORA_WEBHOOK_SECRET=SECRET)
    body = as_body(a_notification(cname="test_webhook", uid="12121212"))

    assert post(port, body, signed(body)) == (200, b"{}")
    assert stack.bot.rows("SELECT id FROM notices") == []


def test_without_a_secret_there_is_no_webhook(stack: Stack, port: int) -> None:
    stack.start(HTTP_PORT=str(port))
    body = as_body(a_notification())

    assert post(port, body, signed(body))[0] == 404


def send(port: int, bodies: list[bytes]) -> list[tuple[int, float]]:
    """Posts the bodies over one connection. Returns the status and the seconds of each response."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    responses = []
    for body in bodies:
        sent_at = time.monotonic()
        connection.request("POST", "/agora/webhook", body, signed(body))
        response = connection.getresponse()
        json.loads(response.read())
        responses.append((response.status, time.monotonic() - sent_at))
    connection.close()
    return responses


@ON_BOTH
def test_a_burst_is_stored_while_queries_stay_on_time(stack: Stack, port: int) -> None:
    stack.start(
        HTTP_PORT=str(port), AGORA_WEBHOOK_SECRET=SECRET, QUERY_INTERVAL_SECONDS=str(INTERVAL), LOG_LEVEL="INFO"
    )
    stack.recording()
    recorder = recorder_fields(stack)
    bodies = [
        as_body(a_notification(33, whole={"noticeId": f"burst:{number}"}, sequence=number, **recorder))
        for number in range(BURST)
    ]
    stack.after_queries(2)
    started_at = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as senders:
        batches = senders.map(lambda number: send(port, bodies[number::SENDERS]), range(SENDERS))
        responses = [response for batch in batches for response in batch]
    ended_at = time.monotonic()
    stack.after_queries(1)

    queries = [query.at for query in stack.agora.requests("query")]
    gaps = [later - earlier for earlier, later in pairwise(queries) if later > started_at and earlier < ended_at]
    slowest = max(seconds for _, seconds in responses)
    duration = ended_at - started_at
    print(  # noqa: T201 - the figures that `-s` shows
        f"\n{BURST} notifications from {SENDERS} connections: {duration:.1f} s, {BURST / duration:.0f}/s,"
        f" slowest response {slowest:.2f} s, longest between two queries {max(gaps):.2f} s"
    )
    assert {status for status, _ in responses} == {200}
    (stored,) = stack.bot.rows("SELECT count(*) AS n, count(DISTINCT recording_id) AS recordings FROM notices")
    assert (stored["n"], stored["recordings"]) == (BURST, 1)
    assert slowest < 10, "Agora waits no longer"
    assert max(gaps) < INTERVAL + TOLERANCE
