"""Without a usable answer of Agora nothing is known about a recording: each Slack channel reads so once."""

from __future__ import annotations

from typing import Any

from tests.scenarios.stack import Stack, payload

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
BY_REASON = {"agora_unreachable": SILENT, "unauthorized": REFUSED}


QUERY_INTERVAL = 30
UNREACHABLE_ALERT = 300


def test_unusable_answers_are_one_warning_and_one_recovery_and_never_a_failure(stack: Stack) -> None:
    stack.start()
    stack.record(*SILENT, *REFUSED)
    recorders = {recorder.sid for recorder in stack.agora.running()}
    for name, fault in {**SILENT, **REFUSED}.items():
        stack.agora.fault("query", channel=name, times=None, **fault)
    for reason, faults in BY_REASON.items():
        for name in faults:
            warning = stack.wait_alert("recording_warning", reason, channel=name)
            card = stack.cards(name)[0]
            assert warning.thread_ts == card.ts
            assert warning.broadcast
            assert payload(card)["state"] == "recording"

    # Longer than a move may take: queried at the interval, and nothing more is said.
    before = {name: stack.queries(name) for name in (*SILENT, *REFUSED)}
    stack.run_for(10 * QUERY_INTERVAL)
    for name in (*SILENT, *REFUSED):
        assert stack.queries(name) - before[name] >= 8, name
    for reason, faults in BY_REASON.items():
        for name in faults:
            assert stack.alert_kinds(name) == [("recording_warning", reason)]

    stack.agora.clear_faults()
    for reason, faults in BY_REASON.items():
        for name in faults:
            recovered = stack.wait_alert("recording_recovered", reason, channel=name)
            assert recovered.broadcast
            assert recovered.thread_ts == stack.cards(name)[0].ts
    stack.after_queries(4, "internal")
    for reason, faults in BY_REASON.items():
        for name in faults:
            kinds = [("recording_warning", reason), ("recording_recovered", reason)]
            assert stack.alert_kinds(name) == kinds
            assert payload(stack.cards(name)[-1])["state"] == "recording"
    assert {recorder.sid for recorder in stack.agora.running()} == recorders


def test_an_unreachable_agora_is_one_warning_for_each_slack_channel_in_the_thread_of_its_oldest_card(
    stack: Stack,
) -> None:
    stack.start()
    stack.record("first", "other")
    stack.agora.join("second", 1001)
    stack.command("start second", channel="first")
    stack.wait_red("second", channel="first")
    stack.agora.down()
    for channel in ("first", "other"):
        warning = stack.wait_alert("recording_warning", "agora_unreachable", channel=channel)
        assert warning.thread_ts == stack.cards(channel)[0].ts
        assert warning.broadcast
    stack.run_for(1200)
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


def test_a_short_silence_alerts_nobody(stack: Stack) -> None:
    stack.start()
    stack.record("quiet")
    silence = stack.agora.fault("query", answer="internal_error", times=None)
    stack.run_for(UNREACHABLE_ALERT - QUERY_INTERVAL)
    stack.agora.clear_faults(silence)
    stack.after_queries(4)
    assert stack.alerts("quiet") == []
    assert payload(stack.wait_red("quiet", channel="quiet"))["state"] == "recording"


def test_one_not_found_during_a_long_silence_is_no_failure(stack: Stack) -> None:
    stack.start()
    stack.record("blink")
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


def test_a_recorder_that_was_lost_during_a_silence_is_replaced_after_it(stack: Stack) -> None:
    stack.start()
    stack.record("dark")
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


def test_a_recorder_that_cannot_be_queried_before_it_is_up_is_no_failure_either(stack: Stack) -> None:
    stack.start()
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


def test_a_wrong_credential_is_a_warning_and_the_stop_is_carried_out_once_it_is_right(stack: Stack) -> None:
    stack.start()
    stack.record("locked")
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
