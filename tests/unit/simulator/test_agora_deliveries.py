"""How notices get to the webhook: repeated, doubled, late, lost, shuffled, forged, and by hand."""

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

from simulator.agora import AgoraSimulator, ManualClock, Timing
from simulator.agora.notifying import WEBHOOK_SECRET
from tests.unit.simulator.agora_caller import Caller
from tests.unit.simulator.notice_office import FIRST_MEDIA, STARTING, Office
from tests.unit.simulator.webhook import Webhook, ordered

ROOT = Path(__file__).parents[3]


# Deliveries


def test_what_is_answered_well_is_sent_once(office: Office) -> None:
    office.hand()
    delivery = office.last()
    assert (delivery.outcome, delivery.status, delivery.tries, delivery.answer) == ("answered", 200, 1, "{}")
    assert delivery.at == delivery.last_at == 1_800_000_000.25
    assert delivery.notice == office.webhook.got[0].notice


def test_what_is_not_answered_well_is_repeated_with_growing_waits_and_then_given_up(office: Office) -> None:
    office.webhook.statuses[:] = [500, 204, 302, 401, 200]
    office.hand()
    assert (office.last().tries, len(office.webhook.got)) == (2, 2)  # the first repeat comes at once
    office.passes(4.9)
    assert office.last().tries == 2
    office.passes(0.2, 14.8)
    assert (office.last().tries, office.last().outcome) == (3, "waiting")
    office.passes(0.3)
    assert (office.last().tries, office.last().outcome, office.last().status) == (4, "given up", 401)
    office.passes(1000)
    assert len(office.webhook.got) == 4
    assert len({got.notice["noticeId"] for got in office.webhook.got}) == 1
    times = [got.notice["notifyMs"] - 1_800_000_000_250 for got in office.webhook.got]
    assert times == [0, 0, 5100, 20_200]
    assert {got.signed(WEBHOOK_SECRET) for got in office.webhook.got} == {(True, True)}


def test_a_repeat_that_is_answered_is_the_last(office: Office) -> None:
    office.webhook.statuses[:] = [500]
    office.hand()
    office.passes(100)
    assert (office.last().outcome, office.last().tries) == ("answered", 2)


def test_a_webhook_that_does_not_answer_in_time_gets_it_again(webhook: Webhook) -> None:
    timing = Timing().scaled(0.005)
    with AgoraSimulator(timing=timing, webhook=webhook.url) as agora:
        webhook.open.clear()
        agora.send("daily", 40)
        agora.wait_for(lambda each: each.sent()[0].tries == 2)
        assert (agora.sent()[0].status, len(agora.sent())) == (None, 1)
        webhook.open.set()
        agora.wait_for(lambda each: each.sent()[0].outcome == "answered")
        assert len({got.notice["noticeId"] for got in webhook.got}) == 1


def test_a_webhook_that_is_not_there_gets_it_when_it_is(office: Office) -> None:
    office.agora.notify("http://127.0.0.1:9/nobody")
    office.hand()
    assert (office.last().tries, office.last().status) == (2, None)
    office.agora.notify(office.webhook.url)
    office.passes(5)
    assert (office.last().tries, office.webhook.events()) == (3, [40])


def test_one_recorder_whose_webhook_hangs_keeps_no_other_one_waiting(office: Office) -> None:
    office.webhook.open.clear()
    office.agora.send("daily", 40)
    office.agora.wait_for(lambda _: len(office.webhook.got) == 1)
    office.agora.send("other", 40)
    office.agora.wait_for(lambda _: len(office.webhook.got) == 2)


def test_stopping_waits_for_no_answer(webhook: Webhook) -> None:
    webhook.open.clear()
    with AgoraSimulator(webhook=webhook.url) as agora:
        agora.send("daily", 40)
        agora.wait_for(lambda _: webhook.got)
        began = time.monotonic()
    assert time.monotonic() - began < 2


def test_without_a_webhook_nothing_is_told_afterwards_either(webhook: Webhook) -> None:
    clock = ManualClock()
    with AgoraSimulator(clock=clock, seed=1, qps=1000) as agora:
        caller = Caller(agora, clock)
        task = caller.recorded()
        assert "AGORA_WEBHOOK_SECRET" not in agora.settings
        assert agora.webhook_secret == WEBHOOK_SECRET
        assert agora.sent() == []
        with pytest.raises(LookupError):
            agora.send("daily", 40)
        agora.notify(webhook.url, "secret")
        caller.stop(task)
        Office(caller, webhook).passes(0, 9)
        assert webhook.events() == [41, 31, 11]
        agora.notify(None)
        caller.recorded(uid="1002")
        assert len(agora.sent()) == 3


def test_time_that_runs_by_itself_brings_every_notice(webhook: Webhook) -> None:
    timing = Timing().scaled(0.01)
    with AgoraSimulator(timing=timing, seed=1, app_certificate="", webhook=webhook.url) as agora:
        clock = ManualClock()
        caller = Caller(agora, clock)
        agora.join("daily", 7)
        task = caller.task(token="")
        agora.wait_for(lambda each: each.sent(4))
        caller.stop(task)
        agora.wait_for(lambda each: [sent for sent in each.sent(11) if sent.outcome == "answered"])
    assert webhook.without(33) == [*STARTING, *FIRST_MEDIA, 4, 41, 31, 11]


# Faults


def test_a_doubled_notice_comes_again_under_the_same_and_under_another_id(office: Office) -> None:
    office.agora.notices("daily", 40, double=True)
    office.start()
    got = office.webhook.of(40)
    assert [got[0].notice["noticeId"] == each.notice["noticeId"] for each in got] == [True, True, False]
    assert [each.payload for each in got] == [got[0].payload] * 3
    assert len(office.webhook.of(30)) == 1


def test_a_delayed_notice_comes_later_and_still_says_when_it_happened(office: Office) -> None:
    office.agora.notices("daily", 40, delay=60)
    office.start()
    office.passes(59)
    assert office.webhook.of(40) == []
    office.passes(1)
    assert office.webhook.only(40).payload["sendts"] == 1_800_000_003_250


def test_a_lost_notice_is_counted_and_never_sent(office: Office) -> None:
    office.agora.notices("daily", 40, lost=True)
    office.recording()
    office.passes(100)
    assert office.webhook.of(40) == []
    assert [got.payload["sequence"] for got in office.webhook.of(43)] == [1]
    (lost,) = office.agora.sent(40)
    assert (lost.outcome, lost.tries, lost.status, lost.at) == ("lost", 0, None, None)


def test_shuffled_notices_come_together_and_in_a_wrong_order(office: Office) -> None:
    office.agora.notices("daily", reorder=True, window=2)
    office.recording(1)
    assert office.webhook.events() == []
    office.passes(1)
    assert sorted(office.webhook.events()) == sorted([*STARTING, *FIRST_MEDIA])
    sequences = [got.payload["sequence"] for got in office.webhook.got if got.payload["serviceType"] == 1]
    assert not ordered(sequences) or office.webhook.events()[0] != 30


def test_two_shuffled_notices_change_places(office: Office) -> None:
    office.agora.notices("daily", reorder=True, window=2)
    office.start()
    office.passes(2)
    assert office.webhook.events() == [40, 30]


def test_a_forged_notice_has_wrong_signatures(office: Office) -> None:
    office.agora.notices(event=40, forged=True)
    office.start()
    assert [(got.event, got.signed(WEBHOOK_SECRET)) for got in office.webhook.got] == [
        (30, (True, True)),
        (40, (False, False)),
    ]


def test_the_most_particular_rule_counts_and_an_empty_one_ends_it(office: Office) -> None:
    office.agora.notices(lost=True)
    office.agora.notices("daily")
    office.agora.notices("daily", 40, lost=True)
    office.start()
    office.start("other", "1002")
    assert office.webhook.events() == [30]
    assert [each.outcome for each in office.agora.sent(channel="other")] == ["lost", "lost"]


# By hand


def test_any_notice_can_be_sent_by_hand_also_after_the_end(office: Office) -> None:
    task = office.recording()
    office.stop(task)
    office.passes(600)
    office.forget()
    number = office.hand(1, task.sid, module=2, errorCode=50)
    got = office.webhook.only(1)
    assert got.notice["noticeId"] == number
    assert (got.payload["sid"], got.payload["cname"], got.payload["uid"]) == (task.sid, "daily", "1001")
    assert (got.details["module"], got.details["errorCode"], got.details["errorLevel"]) == (2, 50, 5)


def test_a_notice_can_be_of_nobody(office: Office) -> None:
    office.start()
    office.forget()
    office.hand(11, "daily", sid="f" * 32, uid=5, sequence=77, exitStatus=1)
    office.hand(31, "a channel where nobody ever was", forged=True)
    first, second = office.webhook.got
    assert (first.payload["sid"], first.payload["uid"], first.payload["sequence"]) == ("f" * 32, "5", 77)
    assert first.details == {"msgName": "session_exit", "exitStatus": 1}
    assert (second.payload["cname"], second.signed(WEBHOOK_SECRET)) == (
        "a channel where nobody ever was",
        (False, False),
    )


def test_what_is_sent_by_hand_goes_by_no_rule_and_counts_on(office: Office) -> None:
    office.agora.notices(lost=True)
    office.start()
    office.hand(43, state=1)
    assert office.webhook.only(43).payload["sequence"] == 1


def test_wrong_wishes_are_refused(office: Office) -> None:
    with pytest.raises(ValueError, match="event must be"):
        office.agora.send("daily", 5)
    with pytest.raises(ValueError, match="http"):
        office.agora.notify("127.0.0.1:80")
    with pytest.raises(ValueError, match="stop_code"):
        office.agora.notify(office.webhook.url, stop_code=1)


def test_a_reset_forgets_notices_and_rules_and_keeps_the_webhook(office: Office) -> None:
    office.agora.notices(lost=True)
    office.recording()
    office.agora.reset()
    assert office.agora.sent() == []
    office.start()
    assert office.webhook.events() == STARTING


def test_all_of_it_can_be_done_over_the_control_api(office: Office) -> None:
    def post(command: str, **arguments: object) -> Any:
        reply = requests.post(f"{office.agora.control_url}/{command}", json=arguments, timeout=5).json()
        assert reply["ok"], reply
        return reply["result"]

    post("notify", url=office.webhook.url, secret="told over HTTP")
    post("notices", channel="daily", event=40, double=True)
    office.start()
    number = post("send", target="daily", event=12, newUid=99)
    post("delivered")
    assert office.webhook.events() == [30, 40, 40, 40, 12]
    query = {"event": "12", "channel": "daily"}
    (sent,) = requests.get(f"{office.agora.control_url}/sent", params=query, timeout=5).json()["result"]
    assert (sent["notice"]["noticeId"], sent["status"], sent["tries"]) == (number, 200, 1)
    assert sent["notice"]["payload"]["details"]["newUid"] == 99


def test_python_m_simulator_takes_a_webhook_and_prints_the_secret(webhook: Webhook) -> None:
    command = [sys.executable, "-m", "simulator", "--webhook", webhook.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        try:
            assert process.stdout is not None
            line = json.loads(process.stdout.readline())
            control = line["AGORA_CONTROL_URL"]
            assert requests.post(f"{control}/send", json={"target": "daily", "event": 40}, timeout=5).json()["ok"]
            assert requests.post(f"{control}/delivered", json={}, timeout=5).json()["ok"]
            assert webhook.only(40).signed(line["AGORA_WEBHOOK_SECRET"]) == (True, True)
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
