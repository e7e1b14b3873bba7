"""Deliveries of notifications: repeated, doubled, late, lost, shuffled, forged, and sent by a test."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator.agora import AgoraOptions, AgoraServer, AgoraSimulator, ManualClock, Timing
from simulator.agora.options import WEBHOOK_SECRET
from tests.unit.simulator.agora_client import ApiClient, api_client
from tests.unit.simulator.notification_rig import FIRST_MEDIA, STARTING, NotificationRig
from tests.unit.simulator.webhook import Webhook, WebhookServer, ordered

ROOT = Path(__file__).parents[3]


def served(clock: ManualClock | None = None, **options: Any) -> AgoraServer:
    """On the network."""
    return AgoraServer(AgoraSimulator(AgoraOptions(**{"seed": 1, "qps": 1000, **options}), clock=clock))


# Deliveries


def test_a_notification_answered_200_is_sent_once(rig: NotificationRig) -> None:
    rig.send()
    delivery = rig.last()
    assert (delivery.outcome, delivery.status, delivery.tries, delivery.answer) == ("answered", 200, 1, "{}")
    assert delivery.at == delivery.last_at == 1_800_000_000.25
    assert delivery.message == rig.webhook.received[0].message


def test_other_answers_cause_three_repeats_with_growing_waits(rig: NotificationRig) -> None:
    rig.webhook.statuses[:] = [500, 204, 302, 401, 200]
    rig.send()
    assert (rig.last().tries, len(rig.webhook.received)) == (2, 2)  # the first repeat comes at once
    rig.advance(4.9)
    assert rig.last().tries == 2
    rig.advance(0.2, 14.8)
    assert (rig.last().tries, rig.last().outcome) == (3, "waiting")
    rig.advance(0.3)
    assert (rig.last().tries, rig.last().outcome, rig.last().status) == (4, "given up", 401)
    rig.advance(1000)
    assert len(rig.webhook.received) == 4
    assert len({got.message["noticeId"] for got in rig.webhook.received}) == 1
    times = [got.message["notifyMs"] - 1_800_000_000_250 for got in rig.webhook.received]
    assert times == [0, 0, 5100, 20_200]
    assert {got.signed(WEBHOOK_SECRET) for got in rig.webhook.received} == {(True, True)}


def test_a_repeat_answered_200_is_the_last(rig: NotificationRig) -> None:
    rig.webhook.statuses[:] = [500]
    rig.send()
    rig.advance(100)
    assert (rig.last().outcome, rig.last().tries) == ("answered", 2)


def test_a_notification_is_repeated_when_the_webhook_times_out(webhook_server: WebhookServer) -> None:
    webhook = webhook_server
    with served(timing=Timing().scaled(0.005), webhook=webhook.url) as server:
        agora = server.simulator
        webhook.answering.clear()
        agora.send("daily", 40)
        agora.wait_for(lambda each: each.sent()[0].tries == 2)
        assert (agora.sent()[0].status, len(agora.sent())) == (None, 1)
        webhook.answering.set()
        agora.wait_for(lambda each: each.sent()[0].outcome == "answered")
        assert len({got.message["noticeId"] for got in webhook.received}) == 1


def test_an_unreachable_webhook_gets_it_once_it_is_reachable(webhook_server: WebhookServer) -> None:
    clock = ManualClock()
    with served(clock, webhook="http://127.0.0.1:9/nobody") as server:
        agora = server.simulator
        agora.send("daily", 40)
        agora.delivered()
        assert (agora.sent()[0].tries, agora.sent()[0].status) == (2, None)
        agora.notify(webhook_server.url)
        clock.advance(5)
        agora.delivered()
        assert (agora.sent()[0].tries, webhook_server.events()) == (3, [40])


def test_a_hanging_webhook_delays_no_other_recorder(webhook_server: WebhookServer) -> None:
    with served(webhook=webhook_server.url) as server:
        agora = server.simulator
        webhook_server.answering.clear()
        agora.send("daily", 40)
        agora.wait_for(lambda _: len(webhook_server.received) == 1)
        agora.send("other", 40)
        agora.wait_for(lambda _: len(webhook_server.received) == 2)


def test_stopping_waits_for_no_answer(webhook_server: WebhookServer) -> None:
    webhook_server.answering.clear()
    with served(webhook=webhook_server.url) as server:
        server.simulator.send("daily", 40)
        server.simulator.wait_for(lambda _: webhook_server.received)
        began = time.monotonic()
    assert time.monotonic() - began < 2


def test_without_a_webhook_nothing_is_sent_not_even_later() -> None:
    client, webhook = api_client(), Webhook()
    agora, rig = client.simulator, NotificationRig(client, webhook)
    task = client.recorded()
    assert "AGORA_WEBHOOK_SECRET" not in agora.settings
    assert agora.webhook_secret == WEBHOOK_SECRET
    assert agora.sent() == []
    with pytest.raises(LookupError):
        agora.send("daily", 40)
    agora.notify(webhook.url, "secret")
    client.stop(task)
    rig.advance(0, 9)
    assert webhook.events() == [41, 31, 11]
    agora.notify(None)
    client.recorded(uid="1002")
    rig.deliver()
    assert len(agora.sent()) == 3


def test_in_real_time_every_notification_comes(webhook_server: WebhookServer) -> None:
    with served(timing=Timing().scaled(0.01), app_certificate="", webhook=webhook_server.url) as server:
        agora = server.simulator
        client = ApiClient(agora, ManualClock())
        agora.join("daily", 7)
        task = client.task(token="")
        agora.wait_for(lambda each: each.sent(4))
        client.stop(task)
        agora.wait_for(lambda each: [sent for sent in each.sent(11) if sent.outcome == "answered"])
    assert webhook_server.without(33) == [*STARTING, *FIRST_MEDIA, 4, 41, 31, 11]


# Faults


def test_a_doubled_notification_comes_twice_with_one_id_and_once_with_another(rig: NotificationRig) -> None:
    rig.agora.notices("daily", 40, double=True)
    rig.start()
    got = rig.webhook.of(40)
    assert [got[0].message["noticeId"] == each.message["noticeId"] for each in got] == [True, True, False]
    assert [each.payload for each in got] == [got[0].payload] * 3
    assert len(rig.webhook.of(30)) == 1


def test_a_delayed_notification_keeps_the_time_of_its_event(rig: NotificationRig) -> None:
    rig.agora.notices("daily", 40, delay=60)
    rig.start()
    rig.advance(59)
    assert rig.webhook.of(40) == []
    rig.advance(1)
    assert rig.webhook.only(40).payload["sendts"] == 1_800_000_003_250


def test_a_lost_notification_is_logged_and_never_sent(rig: NotificationRig) -> None:
    rig.agora.notices("daily", 40, lost=True)
    rig.recording()
    rig.advance(100)
    assert rig.webhook.of(40) == []
    assert [got.payload["sequence"] for got in rig.webhook.of(43)] == [1]
    (lost,) = rig.agora.sent(40)
    assert (lost.outcome, lost.tries, lost.status, lost.at) == ("lost", 0, None, None)


def test_shuffled_notifications_come_together_in_a_wrong_order(rig: NotificationRig) -> None:
    rig.agora.notices("daily", reorder=True, window=2)
    rig.recording(1)
    assert rig.webhook.events() == []
    rig.advance(1)
    assert sorted(rig.webhook.events()) == sorted([*STARTING, *FIRST_MEDIA])
    sequences = [got.payload["sequence"] for got in rig.webhook.received if got.payload["serviceType"] == 1]
    assert not ordered(sequences) or rig.webhook.events()[0] != 30


def test_two_shuffled_notifications_change_places(rig: NotificationRig) -> None:
    rig.agora.notices("daily", reorder=True, window=2)
    rig.start()
    rig.advance(2)
    assert rig.webhook.events() == [40, 30]


def test_a_forged_notification_has_wrong_signatures(rig: NotificationRig) -> None:
    rig.agora.notices(event=40, forged=True)
    rig.start()
    assert [(got.event, got.signed(WEBHOOK_SECRET)) for got in rig.webhook.received] == [
        (30, (True, True)),
        (40, (False, False)),
    ]


def test_the_most_specific_rule_counts_and_an_empty_one_ends_it(rig: NotificationRig) -> None:
    rig.agora.notices(lost=True)
    rig.agora.notices("daily")
    rig.agora.notices("daily", 40, lost=True)
    rig.start()
    rig.start("other", "1002")
    assert rig.webhook.events() == [30]
    assert [each.outcome for each in rig.agora.sent(channel="other")] == ["lost", "lost"]


# Sent by a test


def test_a_test_can_send_any_notification_even_after_the_end(rig: NotificationRig) -> None:
    task = rig.recording()
    rig.stop(task)
    rig.advance(600)
    rig.forget()
    number = rig.send(1, task.sid, module=2, errorCode=50)
    got = rig.webhook.only(1)
    assert got.message["noticeId"] == number
    assert (got.payload["sid"], got.payload["cname"], got.payload["uid"]) == (task.sid, "daily", "1001")
    assert (got.details["module"], got.details["errorCode"], got.details["errorLevel"]) == (2, 50, 5)


def test_a_notification_can_be_about_an_invented_recorder(rig: NotificationRig) -> None:
    rig.start()
    rig.forget()
    rig.send(11, "daily", sid="f" * 32, uid=5, sequence=77, exitStatus=1)
    rig.send(31, "a channel where nobody ever was", forged=True)
    first, second = rig.webhook.received
    assert (first.payload["sid"], first.payload["uid"], first.payload["sequence"]) == ("f" * 32, "5", 77)
    assert first.details == {"msgName": "session_exit", "exitStatus": 1}
    assert (second.payload["cname"], second.signed(WEBHOOK_SECRET)) == (
        "a channel where nobody ever was",
        (False, False),
    )


def test_a_notification_sent_by_a_test_ignores_rules_and_takes_the_next_sequence(rig: NotificationRig) -> None:
    rig.agora.notices(lost=True)
    rig.start()
    rig.send(43, state=1)
    assert rig.webhook.only(43).payload["sequence"] == 1


def test_invalid_arguments_are_refused(rig: NotificationRig) -> None:
    with pytest.raises(ValueError, match="event must be"):
        rig.agora.send("daily", 5)
    with pytest.raises(ValueError, match="http"):
        rig.agora.notify("127.0.0.1:80")
    with pytest.raises(ValueError, match="stop_code"):
        rig.agora.notify(rig.webhook.url, stop_code=1)


def test_a_reset_forgets_notifications_and_rules_and_keeps_the_webhook(rig: NotificationRig) -> None:
    rig.agora.notices(lost=True)
    rig.recording()
    rig.agora.reset()
    assert rig.agora.sent() == []
    rig.start()
    assert rig.webhook.events() == STARTING


def test_notifications_are_controlled_over_http_too(webhook_server: WebhookServer) -> None:
    with served() as server:

        def post(command: str, **arguments: object) -> Any:
            reply = requests.post(f"{server.control_url}/{command}", json=arguments, timeout=5).json()
            assert reply["ok"], reply
            return reply["result"]

        post("notify", url=webhook_server.url, secret="given over HTTP")
        post("notices", channel="daily", event=40, double=True)
        number = post("send", target="daily", event=12, newUid=99)
        post("delivered")
        assert webhook_server.only(12).signed("given over HTTP") == (True, True)
        query = {"event": "12", "channel": "daily"}
        (sent,) = requests.get(f"{server.control_url}/sent", params=query, timeout=5).json()["result"]
        assert (sent["notice"]["noticeId"], sent["status"], sent["tries"]) == (number, 200, 1)
        assert sent["notice"]["payload"]["details"]["newUid"] == 99


def test_python_m_simulator_takes_a_webhook_and_prints_the_secret(webhook_server: WebhookServer) -> None:
    command = [sys.executable, "-m", "simulator", "--webhook", webhook_server.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        try:
            assert process.stdout is not None
            line = json.loads(process.stdout.readline())
            control = line["AGORA_CONTROL_URL"]
            assert requests.post(f"{control}/send", json={"target": "daily", "event": 40}, timeout=5).json()["ok"]
            assert requests.post(f"{control}/delivered", json={}, timeout=5).json()["ok"]
            assert webhook_server.only(40).signed(line["AGORA_WEBHOOK_SECRET"]) == (True, True)
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
