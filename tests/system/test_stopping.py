"""A stop is kept, whenever it is asked for, and repeated until Agora agrees; no answer is believed too early."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.system.conftest import TIMING, Office, payload, words

PASSING: dict[str, dict[str, Any]] = {
    "internal": {"answer": "internal_error"},
    "gateway": {"answer": "proxy_502"},
    "unfinished": {"answer": "not_completed"},
    "timeout": {"answer": "timeout"},
    "limited": {"answer": "rate_limited", "headers": {"Retry-After": "1"}},
    "no-route": {"answer": "no_route"},
    "proxy-404": {"answer": "proxy_404"},
    "empty": {"answer": "empty_200"},
    "dropped": {"lost": "request"},
    "parameter": {"answer": "invalid_parameter"},
    "credential": {"answer": "unauthorized"},
}
LOST: dict[str, dict[str, Any]] = {
    "lost": {"lost": "answer"},
    "done-502": {"answer": "proxy_502", "processed": True},
    "done-206": {"answer": "not_completed", "processed": True},
}


def record(office: Office, *names: str) -> None:
    for name in names:
        office.room(name)
        office.agora.join(name, 1001)
        office.command(f"start {name}", channel=name)
    for name in names:
        office.wait_red(name, channel=name)


def stopped(office: Office, name: str, reason: str = "stopped") -> None:
    """It ended as somebody here wanted it, nobody was alarmed, and nothing of it runs any more."""
    card = office.wait_card("ended", reason=reason, channel=name, timeout=25)
    assert office.slack.person("ben").mention in card.said
    office.wait_agora(lambda agora: not agora.running(name))
    assert office.alerts(name) == []
    assert len(office.cards(name)) == 1


@pytest.mark.parametrize("names", [list(PASSING)[::2], list(PASSING)[1::2]])
def test_a_stop_that_fails_is_repeated_until_agora_agrees(office: Office, names: list[str]) -> None:
    office.start(UNREACHABLE_ALERT_SECONDS="60")
    record(office, *names)
    for name in names:
        office.agora.fault("stop", channel=name, times=3, **PASSING[name])
    for name in names:
        office.command("stop", by="ben", channel=name)
    for name in names:
        stopped(office, name)
        assert len(office.agora.requests("stop", channel=name)) == 4


def test_a_stop_whose_answer_is_lost_is_over_once_agora_no_longer_knows_it(office: Office) -> None:
    office.start()
    record(office, *LOST)
    for name, fault in LOST.items():
        office.agora.fault("stop", channel=name, times=1, **fault)
    for name in LOST:
        office.command("stop", by="ben", channel=name)
    for name in LOST:
        stopped(office, name)


def test_a_stop_that_agora_took_but_did_not_carry_out_is_asked_for_again(office: Office) -> None:
    office.start()
    record(office, "deaf")
    body = {"serverResponse": {"uploadingStatus": "unknown"}}
    office.agora.fault("stop", status=200, body=body, times=1)
    office.command("stop", by="ben", channel="deaf")
    stopped(office, "deaf")
    assert len(office.agora.requests("stop")) == 2


@pytest.mark.parametrize("agora_options", [{"timing": replace(TIMING, stopping=2.0)}])
def test_the_channel_is_free_for_a_new_recording_while_the_files_of_the_old_one_are_uploaded(office: Office) -> None:
    office.start()
    first = office.recording()
    office.command("stop", by="ben")
    office.slack.wait_for(lambda: "already" not in words(office.command("start daily")), what="a new recording")
    assert office.agora.recorder(str(payload(first)["sid"])).status == 6
    second = office.wait_card("recording")
    assert second is not first
    office.slack.wait_for(lambda: payload(first)["state"] == "ended", timeout=20)
    assert payload(second)["state"] == "recording"
    assert len(office.agora.running()) == 1
    assert office.alerts() == []


def test_what_never_got_any_sound_or_picture_ends_as_no_media(office: Office) -> None:
    office.start()
    office.command("start daily")
    office.wait_card("recording")
    office.command("stop", by="ben")
    stopped(office, "daily", "no_media")


def test_not_found_during_a_move_is_not_taken_for_the_end(office: Office) -> None:
    office.start(FAILOVER_GRACE_SECONDS="20")
    record(office, "moving", "interrupted")
    office.agora.move("moving", 2)
    office.command("stop", by="ben", channel="moving")
    office.agora.move("interrupted", 3)
    office.wait_card("interrupted", channel="interrupted")
    office.command("stop", by="ben", channel="interrupted")
    for name in ("moving", "interrupted"):
        stopped(office, name)
        assert office.agora.recorder(name).ended_by == "stopped"
        answers = [seen.status for seen in office.agora.requests("stop", channel=name)]
        assert answers.count(404) >= 2
        assert answers[-1] == 200


def test_leaving_and_not_found_are_believed_after_the_grace(office: Office) -> None:
    office.start()
    record(office, "leaving", "gone")
    # Nobody asks how it is before the stop does.
    office.agora.fault("query", answer="internal_error", times=None)
    office.agora.console_stop("leaving")
    office.agora.kill("gone")
    for name in ("leaving", "gone"):
        office.command("stop", by="ben", channel=name)
    for name in ("leaving", "gone"):
        stopped(office, name)
        asked = office.agora.requests("stop", channel=name)
        assert asked[-1].at - asked[0].at >= 2.9


def test_leaving_and_not_found_are_believed_at_once_where_nobody_is_there(office: Office) -> None:
    office.start(FAILOVER_GRACE_SECONDS="60")
    record(office, "leaving", "gone")
    office.agora.fault("query", answer="internal_error", times=None)
    office.agora.console_stop("leaving")
    office.agora.kill("gone")
    for name in ("leaving", "gone"):
        office.agora.leave(name)
        office.command("stop", by="ben", channel=name)
    for name in ("leaving", "gone"):
        stopped(office, name)


def test_a_stop_with_agora_away_is_carried_out_when_it_is_back(office: Office) -> None:
    office.start(UNREACHABLE_ALERT_SECONDS="60")
    record(office, "away")
    office.agora.down()
    office.command("stop", by="ben", channel="away")
    card = office.wait_card("stopping", channel="away")
    assert office.slack.person("ben").mention in card.said
    lines = office.bot.log.count("no connection to")
    office.wait_agora(lambda _: office.bot.log.count("no connection to") > lines + 8)
    assert office.agora.running()
    office.agora.up()
    stopped(office, "away")


# While it is starting


def test_a_stop_before_the_card_is_posted_means_that_agora_is_never_asked(office: Office) -> None:
    office.start()
    office.agora.join("daily", 1001)
    fault = office.slack.faults.add("chat.postMessage", delay=2, times=1)
    office.command("start daily")
    office.slack.wait_for(lambda: fault.hits)
    answer = office.command("stop", by="ben")
    assert "`daily`" in words(answer)
    stopped(office, "daily")
    assert office.agora.requests("acquire") == []


def test_a_stop_while_slack_does_not_take_the_card_means_that_agora_is_never_asked(office: Office) -> None:
    office.start()
    fault = office.slack.faults.add("chat.postMessage", status=503)
    office.command("start daily")
    office.slack.wait_for(lambda: fault.hits)
    office.command("stop", by="ben")
    office.slack.faults.clear()
    stopped(office, "daily")
    assert office.agora.requests("acquire") == []


def test_a_stop_while_a_resource_is_asked_for_starts_nothing(office: Office) -> None:
    office.start()
    for operation in ("users", "acquire"):
        office.agora.fault(operation, delay=2, channel=operation)
        office.command(f"start {operation}", channel=office.room(operation))
    for operation in ("users", "acquire"):
        office.wait_agora(lambda agora: len(agora.in_flight()) == 2)
        office.command("stop", by="ben", channel=operation)
    for operation in ("users", "acquire"):
        stopped(office, operation)
    assert office.agora.requests("start") == []


def test_a_stop_while_acquire_fails_again_and_again_starts_nothing(office: Office) -> None:
    office.start(RETRY_BACKOFF_SECONDS="1")
    office.agora.fault("acquire", answer="internal_error", times=None)
    office.command("start daily")
    office.wait_agora(lambda agora: agora.requests("acquire"))
    office.command("stop", by="ben")
    stopped(office, "daily")
    assert office.agora.requests("start") == []


START_ON_ITS_WAY: dict[str, dict[str, Any]] = {
    "slow-request": {"delay": 2},
    "slow-answer": {"delay_after": 2},
    "lost-answer": {"delay_after": 2, "lost": "answer"},
    "lost-request": {"delay": 2, "lost": "request"},
    "unknown": {"delay_after": 2, "answer": "not_completed", "processed": True},
    "refused": {"delay": 2, "answer": "task_conflict"},
}


def test_a_stop_while_start_is_on_its_way_leaves_nothing_running(office: Office) -> None:
    office.start()
    for name, fault in START_ON_ITS_WAY.items():
        office.room(name)
        office.agora.join(name, 1001)
        office.agora.fault("start", channel=name, **fault)
        office.command(f"start {name}", channel=name)
    office.wait_agora(lambda agora: len(agora.requests("start")) == len(START_ON_ITS_WAY))
    for name in START_ON_ITS_WAY:
        office.command("stop", by="ben", channel=name)
    for name in START_ON_ITS_WAY:
        card = office.wait_card("ended", channel=name, timeout=25)
        assert payload(card)["reason"] in ("stopped", "no_media")
        assert len(office.agora.requests("start", channel=name)) == 1
        assert office.alerts(name) == []
    office.wait_agora(lambda agora: not agora.running())


def test_a_stop_while_start_hangs_leaves_nothing_running(office: Office) -> None:
    office.start()
    office.agora.join("daily", 1001)
    office.agora.fault("start", hang="answer")
    office.command("start daily")
    office.wait_agora(lambda agora: agora.running())
    office.command("stop", by="ben")
    stopped(office, "daily")
    assert office.agora.recorder("daily").ended_by == "thrown_out"


def test_a_stop_before_it_is_up_is_carried_out(office: Office) -> None:
    office.start()
    for status in range(4):
        office.agora.join(f"call{status}", 1001)
        office.agora.force_new(f"call{status}", status)
        office.command(f"start call{status}", channel=office.room(f"room{status}"))
    office.wait_agora(lambda agora: len(agora.running()) == 4)
    for status in range(4):
        office.command("stop", by="ben", channel=f"room{status}")
    for status in range(4):
        office.wait_card("ended", channel=f"room{status}")
        assert office.alerts(f"room{status}") == []
    office.wait_agora(lambda agora: not agora.running())


def test_a_stop_right_behind_the_start_is_kept(office: Office) -> None:
    office.start()
    for number in range(6):
        office.room(f"room{number}")
        office.agora.join(f"call{number}", 1)
    for number in range(6):
        office.command(f"start call{number}", channel=f"room{number}")
        office.command("stop", by="ben", channel=f"room{number}")
    for number in range(6):
        office.wait_card("ended", channel=f"room{number}")
        assert office.alerts(f"room{number}") == []
    office.wait_agora(lambda agora: not agora.running())
