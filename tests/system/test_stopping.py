"""A stop is kept, whenever it is asked for, and repeated until Agora agrees; no answer is believed too early."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.system.conftest import TIMING, Stack, payload, words

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


def record(stack: Stack, *names: str) -> None:
    for name in names:
        stack.room(name)
        stack.agora.join(name, 1001)
        stack.command(f"start {name}", channel=name)
    for name in names:
        stack.wait_red(name, channel=name)


def stopped(stack: Stack, name: str, reason: str = "stopped") -> None:
    """It ended as somebody here wanted it, nobody was alarmed, and nothing of it runs any more."""
    card = stack.wait_card("ended", reason=reason, channel=name, timeout=25)
    assert stack.slack.person("ben").mention in card.said
    stack.wait_agora(lambda agora: not agora.running(name))
    assert stack.alerts(name) == []
    assert len(stack.cards(name)) == 1


@pytest.mark.parametrize("names", [list(PASSING)[::2], list(PASSING)[1::2]])
def test_a_stop_that_fails_is_repeated_until_agora_agrees(stack: Stack, names: list[str]) -> None:
    stack.start(UNREACHABLE_ALERT_SECONDS="60")
    record(stack, *names)
    for name in names:
        stack.agora.fault("stop", channel=name, times=3, **PASSING[name])
    for name in names:
        stack.command("stop", by="ben", channel=name)
    for name in names:
        stopped(stack, name)
        assert len(stack.agora.requests("stop", channel=name)) == 4


def test_a_stop_whose_answer_is_lost_is_over_once_agora_no_longer_knows_it(stack: Stack) -> None:
    stack.start()
    record(stack, *LOST)
    for name, fault in LOST.items():
        stack.agora.fault("stop", channel=name, times=1, **fault)
    for name in LOST:
        stack.command("stop", by="ben", channel=name)
    for name in LOST:
        stopped(stack, name)


def test_a_stop_that_agora_took_but_did_not_carry_out_is_asked_for_again(stack: Stack) -> None:
    stack.start()
    record(stack, "deaf")
    body = {"serverResponse": {"uploadingStatus": "unknown"}}
    stack.agora.fault("stop", status=200, body=body, times=1)
    stack.command("stop", by="ben", channel="deaf")
    stopped(stack, "deaf")
    assert len(stack.agora.requests("stop")) == 2


@pytest.mark.parametrize("agora_options", [{"timing": replace(TIMING, stopping=2.0)}])
def test_the_channel_is_free_for_a_new_recording_while_the_files_of_the_old_one_are_uploaded(stack: Stack) -> None:
    stack.start()
    first = stack.recording()
    stack.command("stop", by="ben")
    stack.slack.wait_for(lambda: "already" not in words(stack.command("start daily")), what="a new recording")
    assert stack.agora.recorder(str(payload(first)["sid"])).status == 6
    second = stack.wait_card("recording")
    assert second is not first
    stack.slack.wait_for(lambda: payload(first)["state"] == "ended", timeout=20)
    assert payload(second)["state"] == "recording"
    assert len(stack.agora.running()) == 1
    assert stack.alerts() == []


def test_what_never_got_any_sound_or_picture_ends_as_no_media(stack: Stack) -> None:
    stack.start()
    stack.command("start daily")
    stack.wait_card("recording")
    stack.command("stop", by="ben")
    stopped(stack, "daily", "no_media")


def test_not_found_during_a_move_is_not_taken_for_the_end(stack: Stack) -> None:
    stack.start(FAILOVER_GRACE_SECONDS="20")
    record(stack, "moving", "interrupted")
    stack.agora.move("moving", 2)
    stack.command("stop", by="ben", channel="moving")
    stack.agora.move("interrupted", 3)
    stack.wait_card("interrupted", channel="interrupted")
    stack.command("stop", by="ben", channel="interrupted")
    for name in ("moving", "interrupted"):
        stopped(stack, name)
        assert stack.agora.recorder(name).ended_by == "stopped"
        answers = [seen.status for seen in stack.agora.requests("stop", channel=name)]
        assert answers.count(404) >= 2
        assert answers[-1] == 200


def test_leaving_and_not_found_are_believed_after_the_grace(stack: Stack) -> None:
    stack.start()
    record(stack, "leaving", "gone")
    # Nobody asks how it is before the stop does.
    stack.agora.fault("query", answer="internal_error", times=None)
    stack.agora.console_stop("leaving")
    stack.agora.kill("gone")
    for name in ("leaving", "gone"):
        stack.command("stop", by="ben", channel=name)
    for name in ("leaving", "gone"):
        stopped(stack, name)
        asked = stack.agora.requests("stop", channel=name)
        assert asked[-1].at - asked[0].at >= 2.9


def test_leaving_and_not_found_are_believed_at_once_where_nobody_is_there(stack: Stack) -> None:
    stack.start(FAILOVER_GRACE_SECONDS="60")
    record(stack, "leaving", "gone")
    stack.agora.fault("query", answer="internal_error", times=None)
    stack.agora.console_stop("leaving")
    stack.agora.kill("gone")
    for name in ("leaving", "gone"):
        stack.agora.leave(name)
        stack.command("stop", by="ben", channel=name)
    for name in ("leaving", "gone"):
        stopped(stack, name)


def test_a_stop_with_agora_away_is_carried_out_when_it_is_back(stack: Stack) -> None:
    stack.start(UNREACHABLE_ALERT_SECONDS="60")
    record(stack, "away")
    stack.agora.down()
    stack.command("stop", by="ben", channel="away")
    card = stack.wait_card("stopping", channel="away")
    assert stack.slack.person("ben").mention in card.said
    lines = stack.bot.log.count("no connection to")
    stack.wait_agora(lambda _: stack.bot.log.count("no connection to") > lines + 8)
    assert stack.agora.running()
    stack.agora.up()
    stopped(stack, "away")


# While it is starting


def test_a_stop_before_the_card_is_posted_means_that_agora_is_never_asked(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    fault = stack.slack.faults.add("chat.postMessage", delay=2, times=1)
    stack.command("start daily")
    stack.slack.wait_for(lambda: fault.hits)
    answer = stack.command("stop", by="ben")
    assert "`daily`" in words(answer)
    stopped(stack, "daily")
    assert stack.agora.requests("acquire") == []


def test_a_stop_while_slack_does_not_take_the_card_means_that_agora_is_never_asked(stack: Stack) -> None:
    stack.start()
    fault = stack.slack.faults.add("chat.postMessage", status=503)
    stack.command("start daily")
    stack.slack.wait_for(lambda: fault.hits)
    stack.command("stop", by="ben")
    stack.slack.faults.clear()
    stopped(stack, "daily")
    assert stack.agora.requests("acquire") == []


def test_a_stop_while_a_resource_is_asked_for_starts_nothing(stack: Stack) -> None:
    stack.start()
    for operation in ("users", "acquire"):
        stack.agora.fault(operation, delay=2, channel=operation)
        stack.command(f"start {operation}", channel=stack.room(operation))
    for operation in ("users", "acquire"):
        stack.wait_agora(lambda agora: len(agora.in_flight()) == 2)
        stack.command("stop", by="ben", channel=operation)
    for operation in ("users", "acquire"):
        stopped(stack, operation)
    assert stack.agora.requests("start") == []


def test_a_stop_while_acquire_fails_again_and_again_starts_nothing(stack: Stack) -> None:
    stack.start(RETRY_BACKOFF_SECONDS="1")
    stack.agora.fault("acquire", answer="internal_error", times=None)
    stack.command("start daily")
    stack.wait_agora(lambda agora: agora.requests("acquire"))
    stack.command("stop", by="ben")
    stopped(stack, "daily")
    assert stack.agora.requests("start") == []


START_ON_ITS_WAY: dict[str, dict[str, Any]] = {
    "slow-request": {"delay": 2},
    "slow-answer": {"delay_after": 2},
    "lost-answer": {"delay_after": 2, "lost": "answer"},
    "lost-request": {"delay": 2, "lost": "request"},
    "unknown": {"delay_after": 2, "answer": "not_completed", "processed": True},
    "refused": {"delay": 2, "answer": "task_conflict"},
}


def test_a_stop_while_start_is_on_its_way_leaves_nothing_running(stack: Stack) -> None:
    stack.start()
    for name, fault in START_ON_ITS_WAY.items():
        stack.room(name)
        stack.agora.join(name, 1001)
        stack.agora.fault("start", channel=name, **fault)
        stack.command(f"start {name}", channel=name)
    stack.wait_agora(lambda agora: len(agora.requests("start")) == len(START_ON_ITS_WAY))
    for name in START_ON_ITS_WAY:
        stack.command("stop", by="ben", channel=name)
    for name in START_ON_ITS_WAY:
        card = stack.wait_card("ended", channel=name, timeout=25)
        assert payload(card)["reason"] in ("stopped", "no_media")
        assert len(stack.agora.requests("start", channel=name)) == 1
        assert stack.alerts(name) == []
    stack.wait_agora(lambda agora: not agora.running())


def test_a_stop_while_start_hangs_leaves_nothing_running(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    stack.agora.fault("start", hang="answer")
    stack.command("start daily")
    stack.wait_agora(lambda agora: agora.running())
    stack.command("stop", by="ben")
    stopped(stack, "daily")
    assert stack.agora.recorder("daily").ended_by == "thrown_out"


def test_a_stop_before_it_is_up_is_carried_out(stack: Stack) -> None:
    stack.start()
    for status in range(4):
        stack.agora.join(f"call{status}", 1001)
        stack.agora.force_new(f"call{status}", status)
        stack.command(f"start call{status}", channel=stack.room(f"room{status}"))
    stack.wait_agora(lambda agora: len(agora.running()) == 4)
    for status in range(4):
        stack.command("stop", by="ben", channel=f"room{status}")
    for status in range(4):
        stack.wait_card("ended", channel=f"room{status}")
        assert stack.alerts(f"room{status}") == []
    stack.wait_agora(lambda agora: not agora.running())


def test_a_stop_right_behind_the_start_is_kept(stack: Stack) -> None:
    stack.start()
    for number in range(6):
        stack.room(f"room{number}")
        stack.agora.join(f"call{number}", 1)
    for number in range(6):
        stack.command(f"start call{number}", channel=f"room{number}")
        stack.command("stop", by="ben", channel=f"room{number}")
    for number in range(6):
        stack.wait_card("ended", channel=f"room{number}")
        assert stack.alerts(f"room{number}") == []
    stack.wait_agora(lambda agora: not agora.running())
