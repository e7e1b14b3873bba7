"""No usable answer says nothing about a recording: it is never a failure, and it is told once for a Slack channel."""

from __future__ import annotations

from typing import Any

import pytest

from tests.system.conftest import Stack, payload

SILENT: dict[str, dict[str, Any]] = {
    "internal": {"answer": "internal_error"},
    "gateway": {"answer": "proxy_502"},
    "unavailable": {"answer": "proxy_503"},
    "unfinished": {"answer": "not_completed"},
    "timeout": {"answer": "timeout"},
    "limited": {"answer": "rate_limited", "headers": {"Retry-After": "1"}},
    "no-route": {"answer": "no_route"},
    "proxy-404": {"answer": "proxy_404"},
    "empty": {"answer": "empty_200"},
    "nonsense": {"status": 200, "body": {"serverResponse": {"status": "fine"}}},
    "page": {"status": 200, "body": "<html>Sign in to the hotel's network</html>"},
    "odd-404": {"status": 404, "body": {"code": 4, "reason": "not found"}},
    "redirect": {"status": 302, "body": "moved", "headers": {"Location": "http://127.0.0.1:9/"}},
    "dropped": {"lost": "request"},
    "lost": {"lost": "answer"},
    "parameter": {"answer": "invalid_parameter"},
    "hanging": {"hang": "request"},
}
REFUSED: dict[str, dict[str, Any]] = {
    "credential": {"answer": "unauthorized"},
    "password": {"answer": "invalid_credentials"},
    "app": {"answer": "appid_is_invalid"},
}
BOTH_SIDES = {"agora_unreachable": SILENT, "unauthorized": REFUSED}


def record(stack: Stack, *names: str) -> None:
    for name in names:
        stack.room(name)
        stack.agora.join(name, 1001)
        stack.command(f"start {name}", channel=name)
    for name in names:
        stack.wait_red(name, channel=name)


def test_answers_that_say_nothing_are_never_a_failure_but_one_warning_and_one_recovery(stack: Stack) -> None:
    stack.start()
    record(stack, *SILENT, *REFUSED)
    recorders = {recorder.sid for recorder in stack.agora.running()}
    for name, fault in {**SILENT, **REFUSED}.items():
        stack.agora.fault("query", channel=name, times=None, **fault)
    for reason, faults in BOTH_SIDES.items():
        for name in faults:
            warning = stack.wait_alert("recording_warning", reason, channel=name, timeout=40)
            card = stack.cards(name)[0]
            assert warning.thread_ts == card.ts
            assert warning.broadcast
            assert payload(card)["state"] == "recording"

    # Longer than every grace: asked again at the interval, and nothing more is said.
    before = {name: stack.queries(name) for name in (*SILENT, *REFUSED)}
    stack.after_queries(10, "internal")
    for name in set(SILENT) - {"hanging", "limited"} | set(REFUSED):
        assert stack.queries(name) - before[name] >= 7, name
    for reason, faults in BOTH_SIDES.items():
        for name in faults:
            assert stack.alert_kinds(name) == [("recording_warning", reason)]

    stack.agora.clear_faults()
    for reason, faults in BOTH_SIDES.items():
        for name in faults:
            recovered = stack.wait_alert("recording_recovered", reason, channel=name, timeout=40)
            assert recovered.broadcast
            assert recovered.thread_ts == stack.cards(name)[0].ts
    stack.after_queries(4, "internal")
    for reason, faults in BOTH_SIDES.items():
        for name in faults:
            kinds = [("recording_warning", reason), ("recording_recovered", reason)]
            assert stack.alert_kinds(name) == kinds
            assert payload(stack.cards(name)[-1])["state"] == "recording"
    assert {recorder.sid for recorder in stack.agora.running()} == recorders


def test_refused_connections_are_told_once_for_each_slack_channel_in_the_thread_of_its_oldest_card(
    stack: Stack,
) -> None:
    stack.start()
    record(stack, "first", "other")
    stack.agora.join("second", 1001)
    stack.command("start second", channel="first")
    stack.wait_red("second", channel="first")
    stack.agora.down()
    for channel in ("first", "other"):
        warning = stack.wait_alert("recording_warning", "agora_unreachable", channel=channel)
        assert warning.thread_ts == stack.cards(channel)[0].ts
        assert warning.broadcast
    # Later than the grace and than the alert, and by far.
    lines = stack.bot.log.count("no connection to")
    stack.wait_agora(lambda _: stack.bot.log.count("no connection to") > lines + 40)
    stack.agora.up()
    for channel in ("first", "other"):
        stack.wait_alert("recording_recovered", "agora_unreachable", channel=channel)
    stack.after_queries(8)
    for channel in ("first", "other"):
        assert stack.alert_kinds(channel) == [
            ("recording_warning", "agora_unreachable"),
            ("recording_recovered", "agora_unreachable"),
        ]
        assert {payload(card)["state"] for card in stack.cards(channel)} == {"recording"}
    assert len(stack.agora.recorders()) == 3
    assert len(stack.agora.running()) == 3


def test_a_short_silence_is_told_to_nobody(stack: Stack) -> None:
    stack.start(UNREACHABLE_ALERT_SECONDS="30")
    record(stack, "quiet")
    stack.agora.fault("query", answer="internal_error", times=10)
    stack.after_queries(14)
    assert stack.alerts("quiet") == []
    assert payload(stack.wait_red("quiet", channel="quiet"))["state"] == "recording"


def test_one_answer_not_found_amid_a_long_silence_is_no_failure(stack: Stack) -> None:
    stack.start()
    record(stack, "blink")
    stack.agora.fault("query", answer="internal_error", times=6)
    stack.agora.fault("query", answer="not_found", times=1)
    last = stack.agora.fault("query", answer="internal_error", times=None)
    stack.after_queries(25)
    assert stack.alert_kinds("blink") == [("recording_warning", "agora_unreachable")]
    stack.agora.clear_faults(last)
    stack.wait_red("blink", channel="blink")
    stack.after_queries(3)
    assert ("recording_failed", "lost") not in stack.alert_kinds("blink")
    assert len(stack.agora.running()) == 1


def test_a_recorder_that_died_during_a_silence_is_told_after_it_and_recorded_on(stack: Stack) -> None:
    stack.start()
    record(stack, "dark")
    silence = stack.agora.fault("query", answer="proxy_503", times=None)
    stack.wait_alert("recording_warning", "agora_unreachable", channel="dark")
    stack.agora.kill("dark")
    stack.after_queries(12)
    assert stack.alert_kinds("dark") == [("recording_warning", "agora_unreachable")]
    stack.agora.clear_faults(silence)
    stack.wait_alert("recording_warning", "lost", channel="dark")
    kinds = stack.alert_kinds("dark")
    assert sorted(kinds) == [
        ("recording_recovered", "agora_unreachable"),
        ("recording_warning", "agora_unreachable"),
        ("recording_warning", "lost"),
    ]


def test_a_recorder_with_a_sid_that_nobody_can_ask_for_is_no_failure_before_it_is_up_either(stack: Stack) -> None:
    stack.start(START_TIMEOUT_SECONDS="3")
    silence = stack.agora.fault("query", answer="internal_error", times=None)
    stack.agora.join("daily", 1001)
    stack.command("start daily")
    stack.wait_alert("recording_warning", "agora_unreachable")
    stack.after_queries(12)
    assert payload(stack.cards()[0])["state"] == "starting"
    stack.agora.clear_faults(silence)
    stack.wait_red()
    stack.wait_alert("recording_recovered", "agora_unreachable")
    assert len(stack.agora.recorders()) == 1


def test_a_wrong_credential_is_told_and_the_stop_is_carried_out_once_it_is_right(stack: Stack) -> None:
    stack.start()
    record(stack, "locked")
    stack.agora.fault("*", answer="unauthorized", times=None)
    stack.wait_alert("recording_warning", "unauthorized", channel="locked")
    stack.command("stop", channel="locked")
    stack.wait_card("stopping", channel="locked")
    stack.wait_agora(lambda agora: len(agora.requests("stop")) >= 6)
    assert stack.agora.running()
    stack.agora.clear_faults()
    stack.wait_card("ended", reason="stopped", channel="locked")
    assert stack.agora.running() == []
    stack.wait_alert("recording_recovered", "unauthorized", channel="locked")


@pytest.mark.parametrize("agora_options", [{"bases": 2}])
def test_a_base_that_goes_away_while_recording_is_replaced_without_a_word(stack: Stack) -> None:
    stack.start()
    record(stack, "moved")
    stack.agora.down(0)
    stack.wait_agora(lambda agora: len([seen for seen in agora.requests("query") if seen.base == 1]) >= 10)
    assert stack.alerts("moved") == []
    assert payload(stack.cards("moved")[0])["state"] == "recording"
