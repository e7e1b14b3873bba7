"""Agora's notifications at the real process: signed ones are kept once and answered, in a burst as well.

The figures of docs/operations.md: `make test ARGS="-k test_webhook -s"`.
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
from tests.system.conftest import ON_BOTH, ON_SQLITE_AND_IN_SOAK_ON_POSTGRESQL, Stack

SENDERS, BURST = 20, 500
INTERVAL = 0.4
"""Seconds between two queries."""
LATE = 0.6
"""How much of the burst's own duration a query may come late, since that measures the machine: 1.5 s of the 2.5 s that
it takes on two idle cores for twice as many."""


def posted(port: int, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/agora/webhook", body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read().strip()
    finally:
        connection.close()


def of_the_recorder(stack: Stack) -> dict[str, Any]:
    """Whose notifications they are, as Agora names it."""
    (row,) = stack.bot.rows("SELECT agora_channel, uid, sid FROM recorders")
    return {"cname": row["agora_channel"], "uid": str(row["uid"]), "sid": row["sid"]}


@ON_BOTH
def test_a_signed_notification_is_kept_once_with_its_recording_however_often_it_comes(stack: Stack, port: int) -> None:
    stack.start(HTTP_PORT=str(port), AGORA_WEBHOOK_SECRET=SECRET)
    stack.recording()
    body = as_body(a_notification(**of_the_recorder(stack)))

    answers = [posted(port, body, signed(body)) for _ in range(3)]

    assert answers == [(200, b"{}")] * 3
    (notice,) = stack.bot.rows("SELECT id, recording_id FROM notices")
    (recording,) = stack.bot.rows("SELECT id FROM recordings")
    assert (notice["id"], notice["recording_id"]) == ("2000001428:4330:107", recording["id"])


def test_what_is_not_signed_with_the_secret_is_refused_and_changes_nothing(stack: Stack, port: int) -> None:
    stack.start(HTTP_PORT=str(port), AGORA_WEBHOOK_SECRET=SECRET)
    body = as_body(a_notification())

    assert posted(port, body, {})[0] == 401
    assert posted(port, body, signed(body, "another secret"))[0] == 401
    assert posted(port, body, signed(body + b" "))[0] == 401
    assert stack.bot.rows("SELECT id FROM notices") == []
    assert SECRET not in stack.bot.log


def test_the_check_of_agoras_console_is_answered(stack: Stack, port: int) -> None:
    stack.start(HTTP_PORT=str(port), AGORA_WEBHOOK_SECRET=SECRET)
    body = as_body(a_notification(cname="test_webhook", uid="12121212"))

    assert posted(port, body, signed(body)) == (200, b"{}")
    assert stack.bot.rows("SELECT id FROM notices") == []


def test_without_a_secret_there_is_nothing(stack: Stack, port: int) -> None:
    stack.start(HTTP_PORT=str(port))
    body = as_body(a_notification())

    assert posted(port, body, signed(body))[0] == 404


def send(port: int, bodies: list[bytes]) -> list[tuple[int, float]]:
    """One connection of Agora's: the status of each answer, and the seconds that it took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    answers = []
    for body in bodies:
        begun = time.monotonic()
        connection.request("POST", "/agora/webhook", body, signed(body))
        answer = connection.getresponse()
        json.loads(answer.read())
        answers.append((answer.status, time.monotonic() - begun))
    connection.close()
    return answers


@ON_SQLITE_AND_IN_SOAK_ON_POSTGRESQL
def test_a_burst_is_kept_while_recordings_are_queried_as_ever(stack: Stack, port: int) -> None:
    stack.start(
        HTTP_PORT=str(port), AGORA_WEBHOOK_SECRET=SECRET, QUERY_INTERVAL_SECONDS=str(INTERVAL), LOG_LEVEL="INFO"
    )
    stack.recording()
    whose = of_the_recorder(stack)
    bodies = [
        as_body(a_notification(33, whole={"noticeId": f"burst:{number}"}, sequence=number, **whose))
        for number in range(BURST)
    ]
    stack.after_queries(2)
    begun = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as senders:
        sent = senders.map(lambda number: send(port, bodies[number::SENDERS]), range(SENDERS))
        answers = [answer for each in sent for answer in each]
    ended = time.monotonic()
    stack.after_queries(1)

    queries = [seen.at for seen in stack.agora.requests("query")]
    meanwhile = [later - earlier for earlier, later in pairwise(queries) if later > begun and earlier < ended]
    slowest = max(seconds for _, seconds in answers)
    print(  # noqa: T201 - what `-s` is asked for
        f"\n{BURST} notifications from {SENDERS} connections: {ended - begun:.1f} s, {BURST / (ended - begun):.0f}/s,"
        f" slowest answer {slowest:.2f} s, longest between two queries {max(meanwhile):.2f} s"
    )
    assert {status for status, _ in answers} == {200}
    (kept,) = stack.bot.rows("SELECT count(*) AS n, count(DISTINCT recording_id) AS whose FROM notices")
    assert (kept["n"], kept["whose"]) == (BURST, 1)
    assert slowest < 10, "Agora waits no longer"
    assert max(meanwhile) < INTERVAL + LATE * (ended - begun)
