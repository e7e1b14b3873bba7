"""Starting: in the end there is exactly one recorder, and a known one, or none."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from simulator.agora import ANSWERS
from simulator.slack import Interaction, Message
from tests.scenarios.stack import Stack, event, payload, words

REFUSED = [
    ("acquire", "invalid_parameter", "rejected"),
    ("acquire", "invalid_appid", "unauthorized"),
    ("acquire", "appid_is_invalid", "unauthorized"),
    ("acquire", "unauthorized", "unauthorized"),
    ("acquire", "invalid_credentials", "unauthorized"),
    ("acquire", "invalid_channel_name", "rejected"),
    ("acquire", "no_active_status", "rejected"),
    ("acquire", "vendor_over_load", "overloaded"),
    ("start", "invalid_parameter", "rejected"),
    ("start", "unauthorized", "unauthorized"),
]
START_TIMEOUT = 90
LONGEST_PAUSE = 15
"""Between two attempts, and for a request that gets no answer; the card shows it a look later."""
BUSY = ["internal_error", "no_worker_manager", "allocate_timeout", "timeout", "proxy_502", "proxy_503", "proxy_404"]


def ask(stack: Stack, *names: str) -> None:
    """A Slack channel and somebody in the call for each, and a start."""
    for name in names:
        stack.room(name)
        stack.agora.join(name, 1001)
    for name in names:
        assert stack.command(f"start {name}", channel=name).acknowledged


def check_failed(stack: Stack, name: str, reason: str) -> None:
    """It failed for that reason, and the whole channel was told once, in the card's thread."""
    card = stack.wait_card("failed", reason=reason, channel=name)
    alert = stack.wait_alert("recording_failed", reason, channel=name)
    assert alert.thread_ts == card.ts
    assert alert.broadcast
    assert stack.slack.person("ana").mention in alert.said
    assert payload(alert)["recording_id"] in alert.said
    assert stack.alert_kinds(name) == [("recording_failed", reason)]
    assert "started_at" not in payload(card)


def seconds_shown(card: Message) -> float:
    """From the first version of a card to its last edit."""
    assert card.edited_at is not None
    return card.edited_at - card.at


def check_recorded_once(stack: Stack, name: str) -> None:
    """One recorder runs, and it is the one that the card names."""
    card = stack.wait_card("recording", channel=name)
    stack.wait_agora(lambda agora: len(agora.running(name)) == 1)
    assert stack.agora.running(name)[0].sid == payload(card)["sid"]
    assert stack.alerts(name) == []


def test_what_agora_refuses_fails_with_its_reason_and_agoras_words(stack: Stack) -> None:
    stack.start()
    names = [f"{operation}-{answer}" for operation, answer, _ in REFUSED]
    for (operation, answer, _), name in zip(REFUSED, names, strict=True):
        stack.agora.fault(operation, answer=answer, channel=name, times=None)
    ask(stack, *names)
    for (operation, answer, reason), name in zip(REFUSED, names, strict=True):
        check_failed(stack, name, reason)
        body: Any = ANSWERS[answer].body
        card = stack.cards(name)[0]
        assert "HTTP" not in card.said, "people can't do anything with it"
        assert body.get("reason", body.get("message")) in stack.answer(stack.choose(card, "more", "Show details"))
        assert len(stack.agora.requests(operation, channel=name)) == 1
    assert stack.agora.recorders() == []


@pytest.mark.parametrize("agora_options", [{"max_recorders": 1}])
def test_more_recorders_than_agora_allows_are_overloaded(stack: Stack) -> None:
    stack.start()
    stack.recording()
    ask(stack, "second")
    check_failed(stack, "second", "overloaded")
    assert payload(stack.cards()[0])["state"] == "recording"


@pytest.mark.parametrize("operation", ["acquire", "start"])
def test_what_agora_never_manages_is_unavailable_in_time_after_several_tries(stack: Stack, operation: str) -> None:
    stack.start()
    for name in BUSY:
        stack.agora.fault(operation, answer=name, channel=name, times=None)
    ask(stack, *BUSY)
    for name in BUSY:
        check_failed(stack, name, "unavailable")
        assert seconds_shown(stack.cards(name)[0]) < START_TIMEOUT + LONGEST_PAUSE
        assert len(stack.agora.requests(operation, channel=name)) >= 4
    assert stack.agora.recorders() == []


def test_a_passing_fault_only_delays_the_start(stack: Stack) -> None:
    stack.start()
    for name in BUSY:
        stack.agora.fault("acquire", answer=name, channel=name, times=2)
        stack.agora.fault("start", answer=name, channel=name, times=2)
    ask(stack, *BUSY)
    for name in BUSY:
        check_recorded_once(stack, name)
        starts = stack.agora.requests("start", channel=name)
        assert len({seen.params["rid"] for seen in starts}) == 1


def test_an_agora_that_cannot_be_reached_is_unavailable(stack: Stack) -> None:
    stack.start()
    stack.agora.down()
    ask(stack, "daily2")
    check_failed(stack, "daily2", "unavailable")


def test_an_agora_that_never_answers_is_unavailable(stack: Stack) -> None:
    stack.start()
    stack.agora.fault("*", hang="request", times=None)
    ask(stack, "silent")
    check_failed(stack, "silent", "unavailable")
    assert seconds_shown(stack.cards("silent")[0]) < START_TIMEOUT + LONGEST_PAUSE


def test_a_taken_uid_or_a_missing_worker_gets_another_uid_and_resource(stack: Stack) -> None:
    stack.start()
    for name in ("task_conflict", "no_worker"):
        stack.agora.fault("start", answer=name, channel=name, times=2)
    ask(stack, "task_conflict", "no_worker")
    for name in ("task_conflict", "no_worker"):
        check_recorded_once(stack, name)
        assert len({seen.uid for seen in stack.agora.requests("acquire", channel=name)}) == 3
        assert len({seen.uid for seen in stack.agora.requests("start", channel=name)}) == 3
        assert len({seen.params["rid"] for seen in stack.agora.requests("start", channel=name)}) == 3


def test_no_worker_for_ever_is_unavailable_in_time_whatever_agora_asks_to_wait(stack: Stack) -> None:
    stack.start()
    stack.agora.fault("start", answer="no_worker", channel="now", times=None)
    stack.agora.fault("start", answer="no_worker", channel="later", times=None, headers={"Retry-After": "60"})
    ask(stack, "now", "later")
    for name in ("now", "later"):
        check_failed(stack, name, "unavailable")
        assert seconds_shown(stack.cards(name)[0]) < START_TIMEOUT + LONGEST_PAUSE


def test_a_start_that_agora_slows_down_waits_as_long_as_it_asks(stack: Stack) -> None:
    stack.start()
    for operation in ("acquire", "start"):
        stack.agora.fault(operation, answer="rate_limited", times=2, headers={"Retry-After": "1"})
    ask(stack, "patient")
    check_recorded_once(stack, "patient")
    for operation in ("acquire", "start"):
        at = [seen.at for seen in stack.agora.requests(operation)]
        assert len(at) == 3
        assert all(later - before >= 1 for before, later in pairwise(at))


def test_slow_answers_are_waited_for(stack: Stack) -> None:
    stack.start()
    stack.agora.fault("*", delay_after=3, times=None)
    ask(stack, "slow")
    check_recorded_once(stack, "slow")
    assert len(stack.agora.recorders()) == 1
    assert len(stack.agora.requests("start")) == 1


LOST = [
    ("lost", {"lost": "answer"}),
    ("already", {"answer": "already_started", "processed": True}),
    ("unfinished", {"answer": "not_completed", "processed": True}),
    ("timeout", {"answer": "start_timeout", "processed": True}),
    ("error", {"answer": "proxy_502", "processed": True}),
    ("page", {"answer": "empty_200", "processed": True}),
]


def test_a_lost_answer_to_start_leaves_one_known_recorder(stack: Stack) -> None:
    stack.start()
    for name, fault in LOST:
        stack.agora.fault("start", channel=name, times=1, **fault)  # type: ignore[arg-type]
    ask(stack, *(name for name, _ in LOST))
    for name, _ in LOST:
        check_recorded_once(stack, name)
        starts = stack.agora.requests("start", channel=name)
        assert starts[0].params["rid"] == starts[1].params["rid"]
    stack.after_queries(10)
    for name, _ in LOST:
        check_recorded_once(stack, name)


def test_answers_to_start_that_are_lost_for_ever_leave_no_recorder(stack: Stack) -> None:
    stack.start()
    for name, fault in LOST:
        stack.agora.fault("start", channel=name, times=None, **fault)  # type: ignore[arg-type]
    ask(stack, *(name for name, _ in LOST))
    for name, _ in LOST:
        check_failed(stack, name, "unavailable")
    stack.wait_agora(lambda agora: not agora.running())
    assert len(stack.agora.recorders()) >= len(LOST)
    # What came up late would have been found: each was removed until no start of it could be under way any more.
    stack.wait_for(
        lambda: stack.repositories.recorders.count_not_gone() == 0, what="that every recorder is known to be gone"
    )
    assert stack.agora.running() == []


def test_a_start_that_comes_up_after_it_was_given_up_is_ended(stack: Stack) -> None:
    stack.start()
    # The first start takes effect long after its answer was given up, and after the second recorder is up.
    stack.agora.fault("start", channel="late", lost="request", times=4)
    stack.agora.fault("kick", channel="late", answer="internal_error", times=2)
    ask(stack, "late")
    check_recorded_once(stack, "late")


def test_refused_starts_after_a_lost_answer_end_what_may_run(stack: Stack) -> None:
    stack.start()
    stack.agora.fault("start", lost="answer", times=1)
    stack.agora.fault("start", answer="unauthorized", times=None)
    ask(stack, "halfway")
    check_failed(stack, "halfway", "unauthorized")
    stack.wait_agora(lambda agora: agora.recorders() and not agora.running())


def test_the_bot_removes_nobody_but_its_own_recorders(stack: Stack) -> None:
    stack.start()
    for name, fault in LOST:
        stack.agora.fault("start", channel=name, times=4, **fault)  # type: ignore[arg-type]
    ask(stack, *(name for name, _ in LOST))
    for name, _ in LOST:
        check_recorded_once(stack, name)
        assert [person.uid for person in stack.agora.people(name)] == [1001]
    ours = {int(str(seen.uid)) for seen in stack.agora.requests("acquire")}
    for seen in stack.agora.requests("kick"):
        assert isinstance(seen.body, dict)
        assert seen.body["uid"] in ours
        assert seen.body["cname"] in dict(LOST)


def test_a_second_start_while_the_first_is_under_way_is_the_same_recording(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    meanwhile: list[Interaction] = []
    stack.meanwhile("acquire", lambda: meanwhile.append(stack.command("start daily", by="ben")))
    stack.meanwhile("start", lambda: meanwhile.append(stack.command("start daily", by="ben")))
    stack.command("start daily")
    stack.wait_card("recording")
    assert ["already" in words(each) for each in meanwhile] == [True, True]
    assert len(stack.agora.recorders()) == 1
    assert {event(message) for message in stack.slack.messages("daily")} == {"recording_card"}


def test_the_card_says_how_many_people_were_in_the_channel_so_that_a_wrong_name_shows(stack: Stack) -> None:
    stack.start()
    stack.recording("daily", people=2)
    stack.command("start dialy")
    wrong = stack.wait_card("recording", agora="dialy")
    (right,) = stack.cards(agora="daily")
    assert right.text.startswith("🔴")
    stack.wait_for(lambda: "Waiting for people to join dialy" in wrong.said, what="that nobody is there")
    assert "Wrong call?" in wrong.said
    stack.agora.join("dialy", 7, audio=False, video=False)
    stack.wait_for(lambda: "1 person in the call." in wrong.said, what="that somebody came")
