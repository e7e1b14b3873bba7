"""When a recording ends: as somebody chose, later after *Add time*, warned of before, and then for good."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.slack import Interaction, Message
from tests.scenarios.stack import LOOK_SECONDS, Stack, event, payload, states, words

LOOK = timedelta(seconds=LOOK_SECONDS)
"""What is due may happen this much later: scenarios look at the bot that often."""


def started_at(stack: Stack) -> datetime:
    started = stack.row().started_at
    assert started is not None
    return started


def shown(end: datetime) -> str:
    return f"<!date^{int(end.timestamp())}^"


def extend(stack: Stack, where: Message, by: str, *, stale: bool = False) -> Interaction:
    return stack.press(where, "extend_recording", by=by, stale=stale)


def warnings(stack: Stack) -> list[Message]:
    return [alert for alert in stack.alerts() if payload(alert).get("reason") == "ending_soon"]


def sent_at(message: Message) -> float:
    return message.at


# `for` and `until`


def test_a_length_is_shown_in_the_answer_and_on_the_card(stack: Stack) -> None:
    stack.start()
    stack.agora.join("team call", 1000)
    answer = words(stack.command('start "team call" for 45m'))
    end = stack.now + timedelta(minutes=45)

    assert stack.row("team call").intent.ends_at == end
    assert shown(end) in answer
    card = stack.wait_red("team call")
    assert shown(end) in card.said
    assert "unless someone adds time" in card.said


def test_until_is_a_time_of_day_where_the_person_is(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1000)
    wanted = stack.now.astimezone(ZoneInfo("America/New_York")).replace(second=0) + timedelta(hours=2)
    answer = words(stack.command(f"start until {wanted:%H:%M}", by="ben"))

    assert stack.row().intent.ends_at == wanted
    assert shown(wanted) in answer
    assert shown(wanted) in stack.wait_red().said


def test_without_a_time_zone_the_person_is_answered_and_nothing_starts(stack: Stack) -> None:
    stack.start()
    stack.slack.scopes.remove("users:read")
    assert "/record start daily for 45m" in words(stack.command("start daily until 15:30"))
    stack.slack.scopes.append("users:read")
    stack.slack.faults.add("users.info", hang=True)
    assert "time zone" in words(stack.command("start daily until 15:30"))
    assert stack.agora.requests() == []
    assert stack.slack.messages("daily") == []


def test_a_wrong_end_is_answered_with_an_example_and_nothing_starts(stack: Stack) -> None:
    stack.start()
    for text in ("for", "daily for", "daily for ever", "daily for 24h", "daily for 0m", "daily until 25:00"):
        assert "/record start" in words(stack.command(f"start {text}")), text
    an_hour_ago = stack.now.astimezone(ZoneInfo("Europe/Madrid")) - timedelta(hours=1)
    assert "It's already" in words(stack.command(f"start daily until {an_hour_ago:%H:%M}"))
    assert stack.agora.requests() == []


# Add time


def test_two_people_who_add_time_both_count_and_the_thread_names_both(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="600")
    card = stack.recording()
    presses = [extend(stack, card, by) for by in ("ana", "ben")]
    end = started_at(stack) + timedelta(seconds=600 + 2 * 1800)

    assert stack.row().intent.ends_at == end
    stack.wait_for(lambda: f"Ends {shown(end)}" in card.said, what="the later end on the card")
    assert all(press.responses == [] for press in presses), "the card is the answer"
    stack.wait_for(lambda: len(stack.thread_lines("added time: ends")) == 2, what="a timeline entry for each")
    entries = stack.thread_lines("added time: ends")
    assert {(entry.thread_ts, entry.broadcast) for entry in entries} == {(card.ts, False)}
    assert [name for name in ("ana", "ben") for entry in entries if stack.slack.person(name).mention in entry.text] == [
        "ana",
        "ben",
    ]


def test_a_press_that_slack_delivers_again_counts_once(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="600")
    card = stack.recording()
    press = extend(stack, card, "ben")
    once = started_at(stack) + timedelta(seconds=600 + 1800)
    assert stack.row().intent.ends_at == once
    assert press.repeat().acknowledged
    stack.after_queries(2)
    assert stack.row().intent.ends_at == once
    extend(stack, card, "ben")
    assert stack.row().intent.ends_at == once + timedelta(seconds=1800)


def test_at_23_hours_the_answer_says_why_no_later_end_is_possible(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="82000")
    card = stack.recording()
    shortened = stack.answer(extend(stack, card, "ben"))
    end = started_at(stack) + timedelta(hours=23)
    assert stack.row().intent.ends_at == end
    refused = stack.answer(extend(stack, card, "ana"))
    assert stack.row().intent.ends_at == end
    for answer in (shortened, refused):
        assert shown(end) in answer
        assert "can't run longer than 23 hours" in answer
    assert "Start a new one then" in refused


def test_time_can_not_be_added_to_a_recording_that_stops_or_is_over(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("stop", answer="internal_error", times=None)
    stack.command("stop", by="ben")
    stack.wait_card("stopping")
    assert stack.slack.person("ben").mention in stack.answer(extend(stack, card, "ana", stale=True))
    stack.agora.clear_faults()
    stack.wait_card("ended")
    assert "is over" in stack.answer(extend(stack, card, "ana", stale=True))
    assert (stack.row().intent.ends_at, stack.row().intent.extended_by) == (None, None)


# Warnings, and the end


def test_people_are_warned_in_the_second_half_and_then_the_recording_ends(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="1200", ENDING_SOON_SECONDS="1100,500,60")
    card = stack.recording()
    ended = stack.wait_alert("recording_ended", "time_limit", timeout=1500)
    end = started_at(stack) + timedelta(seconds=1200)

    assert [(event(alert), payload(alert)["reason"]) for alert in stack.alerts()] == [
        ("recording_warning", "ending_soon"),
        ("recording_warning", "ending_soon"),
        ("recording_ended", "time_limit"),
    ]
    for warning, lead in zip(warnings(stack), (500, 60), strict=True):
        assert timedelta(0) <= datetime.fromtimestamp(warning.at, end.tzinfo) - (end - timedelta(seconds=lead)) <= LOOK
        assert shown(end) in warning.said
        assert (warning.thread_ts, warning.broadcast) == (card.ts, True)
    assert "it reached its time limit" in ended.said
    over = stack.wait_card("ended", reason="time_limit")
    assert states(over)[-1] == "ended"
    assert timedelta(0) <= datetime.fromisoformat(payload(over)["ended_at"]) - end <= LOOK
    assert not stack.agora.running()


def test_time_added_on_the_warning_leads_to_another_warning(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="1000", ENDING_SOON_SECONDS="300", EXTEND_SECONDS="700")
    card = stack.recording()
    first = stack.wait_alert("recording_warning", "ending_soon", timeout=1000)
    end = started_at(stack) + timedelta(seconds=1700)
    assert shown(end) in stack.answer(extend(stack, first, "ben"))
    stack.wait_for(lambda: f"Ends {shown(end)}" in card.said, what="the later end on the card")
    stack.wait_for(lambda: len(warnings(stack)) == 2, timeout=1000, what="a second warning")
    second = datetime.fromtimestamp(warnings(stack)[1].at, end.tzinfo)
    assert timedelta(0) <= second - (end - timedelta(seconds=300)) <= LOOK
    stack.wait_card("ended", reason="time_limit")
    assert "is over" in stack.answer(extend(stack, first, "ana"))


def test_a_recording_that_is_being_stopped_is_not_warned_of(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="400", ENDING_SOON_SECONDS="100", UNREACHABLE_ALERT_SECONDS="3600")
    stack.recording()
    stack.agora.fault("stop", answer="internal_error", times=None)
    stack.command("stop", by="ben")
    stack.wait_card("stopping")
    stack.run_for(500)
    assert stack.alerts() == []


def test_a_warning_is_neither_lost_nor_repeated_when_the_bot_is_killed(stack: Stack) -> None:
    settings = {"MAX_DURATION_SECONDS": "1000", "ENDING_SOON_SECONDS": "450,100"}
    stack.start(**settings)
    stack.recording()
    stack.wait_alert("recording_warning", "ending_soon", timeout=1000)
    stack.wait_for(lambda: not stack.undelivered(), what="a warning that is marked as delivered")
    stack.restart(**settings)
    stack.wait_alert("recording_ended", "time_limit", timeout=1000)
    end = started_at(stack) + timedelta(seconds=1000)
    leads = [(end.timestamp() - sent_at(warning)) for warning in warnings(stack)]
    assert [450 - LOOK_SECONDS <= leads[0] <= 450, 100 - LOOK_SECONDS <= leads[1] <= 100] == [True, True]
    assert len(leads) == 2


def test_an_end_that_comes_while_agora_is_away_is_carried_out_when_it_is_back(stack: Stack) -> None:
    stack.start(MAX_DURATION_SECONDS="300", ENDING_SOON_SECONDS="100", UNREACHABLE_ALERT_SECONDS="3600")
    stack.recording()
    stack.agora.down()
    stack.wait_alert("recording_warning", "ending_soon")
    stack.wait_state("stopping")
    stack.agora.up()
    stack.wait_alert("recording_ended", "time_limit")
    assert not stack.agora.running()
