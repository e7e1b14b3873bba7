"""A stop is stored whenever it is asked for, and repeated until Agora confirms it."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.agora import Timing
from tests.scenarios.stack import Stack, payload, words

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


GRACE = 90
"""How long a recorder that is away may be moving to another server."""


def check_stopped(stack: Stack, name: str, reason: str = "stopped") -> None:
    """It ended as somebody here wanted it, nobody was alarmed, and nothing of it runs any more."""
    card = stack.wait_card("ended", reason=reason, channel=name)
    assert stack.slack.person("ben").mention in card.said
    stack.wait_agora(lambda agora: not agora.running(name))
    assert stack.alerts(name) == []
    assert len(stack.cards(name)) == 1


def test_a_stop_that_fails_is_repeated_until_agora_confirms_it(stack: Stack) -> None:
    stack.start()
    stack.record(*PASSING)
    for name, fault in PASSING.items():
        stack.agora.fault("stop", channel=name, times=3, **fault)
    for name in PASSING:
        stack.command("stop", by="ben", channel=name)
    for name in PASSING:
        check_stopped(stack, name)
        assert len(stack.agora.requests("stop", channel=name)) == 4


def test_a_stop_whose_answer_is_lost_is_done_once_agora_no_longer_knows_the_recorder(stack: Stack) -> None:
    stack.start()
    stack.record(*LOST)
    for name, fault in LOST.items():
        stack.agora.fault("stop", channel=name, times=1, **fault)
    for name in LOST:
        stack.command("stop", by="ben", channel=name)
    for name in LOST:
        check_stopped(stack, name)


def test_a_stop_that_agora_accepted_and_did_not_carry_out_is_sent_again(stack: Stack) -> None:
    stack.start()
    stack.record("deaf")
    body = {"serverResponse": {"uploadingStatus": "unknown"}}
    stack.agora.fault("stop", status=200, body=body, times=1)
    stack.command("stop", by="ben", channel="deaf")
    check_stopped(stack, "deaf")
    assert len(stack.agora.requests("stop")) == 2


@pytest.mark.parametrize("agora_options", [{"timing": Timing(stopping=20.0)}])
def test_a_new_recording_may_start_while_the_files_of_the_old_one_are_uploaded(stack: Stack) -> None:
    stack.start()
    first = stack.recording()
    stack.command("stop", by="ben")
    stack.wait_for(lambda: "already" not in words(stack.command("start daily")), what="a new recording")
    assert stack.agora.recorder(str(payload(first)["sid"])).status == 6
    second = stack.wait_card("recording")
    assert second is not first
    stack.wait_for(lambda: payload(first)["state"] == "ended")
    assert payload(second)["state"] == "recording"
    assert len(stack.agora.running()) == 1
    assert stack.alerts() == []


def test_a_recording_without_any_media_ends_as_no_media(stack: Stack) -> None:
    stack.start()
    stack.command("start daily")
    stack.wait_card("recording")
    stack.command("stop", by="ben")
    check_stopped(stack, "daily", "no_media")


def test_not_found_during_a_move_is_not_taken_for_the_end(stack: Stack) -> None:
    stack.start()
    stack.record("moving", "interrupted")
    stack.agora.move("moving", 30)
    stack.command("stop", by="ben", channel="moving")
    stack.agora.move("interrupted", 60)
    stack.wait_card("interrupted", channel="interrupted")
    stack.command("stop", by="ben", channel="interrupted")
    for name in ("moving", "interrupted"):
        check_stopped(stack, name)
        assert stack.agora.recorder(name).ended_by == "stopped"
        answers = [seen.status for seen in stack.agora.requests("stop", channel=name)]
        assert answers.count(404) >= 2
        assert answers[-1] == 200


def test_leaving_and_not_found_are_believed_after_the_time_of_a_move(stack: Stack) -> None:
    stack.start()
    stack.record("leaving", "gone")
    # Nobody asks how it is before the stop does.
    stack.agora.fault("query", answer="internal_error", times=None)
    stack.agora.console_stop("leaving")
    stack.agora.kill("gone")
    for name in ("leaving", "gone"):
        stack.command("stop", by="ben", channel=name)
    for name in ("leaving", "gone"):
        check_stopped(stack, name)
        asked = stack.agora.requests("stop", channel=name)
        assert asked[-1].at - asked[0].at >= GRACE


def test_they_are_believed_at_once_where_nobody_is_in_the_call(stack: Stack) -> None:
    stack.start()
    stack.record("leaving", "gone")
    stack.agora.fault("query", answer="internal_error", times=None)
    stack.agora.console_stop("leaving")
    stack.agora.kill("gone")
    for name in ("leaving", "gone"):
        stack.agora.leave(name)
        stack.command("stop", by="ben", channel=name)
    for name in ("leaving", "gone"):
        check_stopped(stack, name)


def test_a_stop_while_agora_is_unreachable_is_carried_out_later(stack: Stack) -> None:
    stack.start()
    stack.record("away")
    stack.agora.down()
    stack.command("stop", by="ben", channel="away")
    card = stack.wait_card("stopping", channel="away")
    assert stack.slack.person("ben").mention in card.said
    stack.run_for(60)
    assert stack.agora.running()
    stack.agora.up()
    check_stopped(stack, "away")


# While it is starting


def test_a_stop_before_the_card_is_posted_means_that_agora_is_never_asked(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    fault = stack.slack.faults.add("chat.postMessage", status=503, times=1)
    stack.command("start daily")
    assert fault.hits
    answer = stack.command("stop", by="ben")
    assert "*daily*" in words(answer)
    check_stopped(stack, "daily")
    assert stack.agora.requests("acquire") == []


def test_a_stop_while_slack_does_not_take_the_card_means_that_agora_is_never_asked(stack: Stack) -> None:
    stack.start()
    fault = stack.slack.faults.add("chat.postMessage", status=503)
    stack.command("start daily")
    stack.wait_for(lambda: fault.hits)
    stack.command("stop", by="ben")
    stack.slack.faults.clear()
    check_stopped(stack, "daily")
    assert stack.agora.requests("acquire") == []


def test_a_stop_while_a_resource_is_acquired_starts_nothing(stack: Stack) -> None:
    stack.start()
    for operation in ("users", "acquire"):
        stack.room(operation)
        stack.meanwhile(operation, lambda name=operation: stack.command("stop", by="ben", channel=name))  # type: ignore[misc]
        stack.command(f"start {operation}", channel=operation)
        check_stopped(stack, operation)
    assert stack.agora.requests("start") == []


def test_a_stop_while_acquire_fails_again_and_again_starts_nothing(stack: Stack) -> None:
    stack.start()
    stack.agora.fault("acquire", answer="internal_error", times=None)
    stack.command("start daily")
    stack.wait_agora(lambda agora: agora.requests("acquire"))
    stack.command("stop", by="ben")
    check_stopped(stack, "daily")
    assert stack.agora.requests("start") == []


START_UNDER_WAY: dict[str, dict[str, Any]] = {
    "answered": {},
    "slow-answer": {"delay_after": 2},
    "lost-answer": {"delay_after": 2, "lost": "answer"},
    "lost-request": {"lost": "request"},
    "unknown": {"answer": "not_completed", "processed": True},
    "refused": {"answer": "task_conflict"},
}


def test_a_stop_while_start_is_under_way_leaves_nothing_running(stack: Stack) -> None:
    stack.start()
    for name, fault in START_UNDER_WAY.items():
        stack.room(name)
        stack.agora.join(name, 1001)
        if fault:
            stack.agora.fault("start", channel=name, **fault)
        stack.meanwhile("start", lambda name=name: stack.command("stop", by="ben", channel=name))  # type: ignore[misc]
        stack.command(f"start {name}", channel=name)
        card = stack.wait_card("ended", channel=name)
        assert payload(card)["reason"] in ("stopped", "no_media")
        assert len(stack.agora.requests("start", channel=name)) == 1
        assert stack.alerts(name) == []
    stack.wait_agora(lambda agora: not agora.running())


def test_a_stop_while_start_gets_no_answer_leaves_nothing_running(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    stack.agora.fault("start", hang="answer")
    stack.meanwhile("start", lambda: stack.command("stop", by="ben"))
    stack.command("start daily")
    check_stopped(stack, "daily")
    assert stack.agora.recorder("daily").ended_by == "banned"


def test_a_stop_before_the_recorder_is_up_is_carried_out(stack: Stack) -> None:
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


def test_a_stop_right_after_the_start_is_carried_out(stack: Stack) -> None:
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
