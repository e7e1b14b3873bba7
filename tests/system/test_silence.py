"""No usable answer says nothing about a recording: it is never a failure, and it is told once for a Slack channel."""

from __future__ import annotations

from typing import Any

import pytest

from tests.system.conftest import Office, payload

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


def record(office: Office, *names: str) -> None:
    for name in names:
        office.room(name)
        office.agora.join(name, 1001)
        office.command(f"start {name}", channel=name)
    for name in names:
        office.wait_red(name, channel=name)


def test_answers_that_say_nothing_are_never_a_failure_but_one_warning_and_one_recovery(office: Office) -> None:
    office.start()
    record(office, *SILENT, *REFUSED)
    recorders = {recorder.sid for recorder in office.agora.running()}
    for name, fault in {**SILENT, **REFUSED}.items():
        office.agora.fault("query", channel=name, times=None, **fault)
    for reason, faults in BOTH_SIDES.items():
        for name in faults:
            warning = office.wait_alert("recording_warning", reason, channel=name, timeout=40)
            card = office.cards(name)[0]
            assert warning.thread_ts == card.ts
            assert warning.broadcast
            assert payload(card)["state"] == "recording"

    # Longer than every grace: asked again at the interval, and nothing more is said.
    before = {name: office.queries(name) for name in (*SILENT, *REFUSED)}
    office.after_queries(10, "internal")
    for name in set(SILENT) - {"hanging", "limited"} | set(REFUSED):
        assert office.queries(name) - before[name] >= 7, name
    for reason, faults in BOTH_SIDES.items():
        for name in faults:
            assert office.alert_kinds(name) == [("recording_warning", reason)]

    office.agora.clear_faults()
    for reason, faults in BOTH_SIDES.items():
        for name in faults:
            recovered = office.wait_alert("recording_recovered", reason, channel=name, timeout=40)
            assert recovered.broadcast
            assert recovered.thread_ts == office.cards(name)[0].ts
    office.after_queries(4, "internal")
    for reason, faults in BOTH_SIDES.items():
        for name in faults:
            kinds = [("recording_warning", reason), ("recording_recovered", reason)]
            assert office.alert_kinds(name) == kinds
            assert payload(office.cards(name)[-1])["state"] == "recording"
    assert {recorder.sid for recorder in office.agora.running()} == recorders


def test_refused_connections_are_told_once_for_each_slack_channel_in_the_thread_of_its_oldest_card(
    office: Office,
) -> None:
    office.start()
    record(office, "first", "other")
    office.agora.join("second", 1001)
    office.command("start second", channel="first")
    office.wait_red("second", channel="first")
    office.agora.down()
    for channel in ("first", "other"):
        warning = office.wait_alert("recording_warning", "agora_unreachable", channel=channel)
        assert warning.thread_ts == office.cards(channel)[0].ts
        assert warning.broadcast
    # Later than the grace and than the alert, and by far.
    lines = office.bot.log.count("no connection to")
    office.wait_agora(lambda _: office.bot.log.count("no connection to") > lines + 40)
    office.agora.up()
    for channel in ("first", "other"):
        office.wait_alert("recording_recovered", "agora_unreachable", channel=channel)
    office.after_queries(8)
    for channel in ("first", "other"):
        assert office.alert_kinds(channel) == [
            ("recording_warning", "agora_unreachable"),
            ("recording_recovered", "agora_unreachable"),
        ]
        assert {payload(card)["state"] for card in office.cards(channel)} == {"recording"}
    assert len(office.agora.recorders()) == 3
    assert len(office.agora.running()) == 3


def test_a_short_silence_is_told_to_nobody(office: Office) -> None:
    office.start(UNREACHABLE_ALERT_SECONDS="30")
    record(office, "quiet")
    office.agora.fault("query", answer="internal_error", times=10)
    office.after_queries(14)
    assert office.alerts("quiet") == []
    assert payload(office.wait_red("quiet", channel="quiet"))["state"] == "recording"


def test_one_answer_not_found_amid_a_long_silence_is_no_failure(office: Office) -> None:
    office.start()
    record(office, "blink")
    office.agora.fault("query", answer="internal_error", times=6)
    office.agora.fault("query", answer="not_found", times=1)
    last = office.agora.fault("query", answer="internal_error", times=None)
    office.after_queries(25)
    assert office.alert_kinds("blink") == [("recording_warning", "agora_unreachable")]
    office.agora.clear_faults(last)
    office.wait_red("blink", channel="blink")
    office.after_queries(3)
    assert ("recording_failed", "lost") not in office.alert_kinds("blink")
    assert len(office.agora.running()) == 1


def test_a_recorder_that_died_during_a_silence_is_told_after_it_and_recorded_on(office: Office) -> None:
    office.start()
    record(office, "dark")
    silence = office.agora.fault("query", answer="proxy_503", times=None)
    office.wait_alert("recording_warning", "agora_unreachable", channel="dark")
    office.agora.kill("dark")
    office.after_queries(12)
    assert office.alert_kinds("dark") == [("recording_warning", "agora_unreachable")]
    office.agora.clear_faults(silence)
    office.wait_alert("recording_warning", "lost", channel="dark")
    kinds = office.alert_kinds("dark")
    assert sorted(kinds) == [
        ("recording_recovered", "agora_unreachable"),
        ("recording_warning", "agora_unreachable"),
        ("recording_warning", "lost"),
    ]


def test_a_recorder_with_a_sid_that_nobody_can_ask_for_is_no_failure_before_it_is_up_either(office: Office) -> None:
    office.start(START_TIMEOUT_SECONDS="3")
    silence = office.agora.fault("query", answer="internal_error", times=None)
    office.agora.join("daily", 1001)
    office.command("start daily")
    office.wait_alert("recording_warning", "agora_unreachable")
    office.after_queries(12)
    assert payload(office.cards()[0])["state"] == "starting"
    office.agora.clear_faults(silence)
    office.wait_red()
    office.wait_alert("recording_recovered", "agora_unreachable")
    assert len(office.agora.recorders()) == 1


def test_a_wrong_credential_is_told_and_the_stop_is_carried_out_once_it_is_right(office: Office) -> None:
    office.start()
    record(office, "locked")
    office.agora.fault("*", answer="unauthorized", times=None)
    office.wait_alert("recording_warning", "unauthorized", channel="locked")
    office.command("stop", channel="locked")
    office.wait_card("stopping", channel="locked")
    office.wait_agora(lambda agora: len(agora.requests("stop")) >= 6)
    assert office.agora.running()
    office.agora.clear_faults()
    office.wait_card("ended", reason="stopped", channel="locked")
    assert office.agora.running() == []
    office.wait_alert("recording_recovered", "unauthorized", channel="locked")


@pytest.mark.parametrize("agora_options", [{"bases": 2}])
def test_a_base_that_goes_away_while_recording_is_replaced_without_a_word(office: Office) -> None:
    office.start()
    record(office, "moved")
    office.agora.down(0)
    office.wait_agora(lambda agora: len([seen for seen in agora.requests("query") if seen.base == 1]) >= 10)
    assert office.alerts("moved") == []
    assert payload(office.cards("moved")[0])["state"] == "recording"
