"""The audit log records who started and stopped each recording, on each kind of database."""

from __future__ import annotations

from tests.scenarios.stack import Stack, payload, words


def recorded(stack: Stack) -> list[tuple[str, str, str, str, str]]:
    """Who did what to which Agora channel, from where."""
    names = {person.id: person.name for person in stack.slack.people} | {"": "bot"}
    calls = {row.id: row.agora_channel for row in stack.every_row()}
    return [
        (names[event.who], event.what.value, calls[event.recording_id], event.source.value, event.detail)
        for event in stack.audit()
    ]


def stop_from_list(stack: Stack, name: str, *, by: str) -> None:
    """Stops one of several recordings with its button in the reply to `/record stop`. Slack delivers it twice."""
    listed = stack.command("stop", by=by)
    ids = {payload(card)["agora_channel"]: payload(card)["recording_id"] for card in stack.cards()}
    assert listed.reply is not None
    stack.slack.person(by).press(listed.reply, "stop_recording", ids[name]).repeat()


def test_each_start_and_each_stop_is_one_event_and_nothing_else_is(stack_on_sql: Stack) -> None:
    stack = stack_on_sql.start()
    stack.recording("one")
    stack.command("start two").repeat()
    stack.wait_card("recording", agora="two")
    card = stack.recording("three")
    for text in ("start one", "stop nothing", "status", "help", "start two words", "stop"):
        words(stack.command(text, by="ben"))
    stop_from_list(stack, "two", by="ben")
    stack.press_stop(card, by="ana").repeat()
    stack.wait_card("ended", agora="two")
    stack.wait_card("ended", agora="three")
    stack.command("stop one", by="ben").repeat()
    stack.wait_card("ended", agora="one")
    stack.command("stop one", by="ana")

    assert recorded(stack) == [
        ("ana", "started", "one", "command", ""),
        ("ana", "started", "two", "command", ""),
        ("ana", "started", "three", "command", ""),
        ("ben", "stopped", "two", "button", "in the list of several"),
        ("ana", "stopped", "three", "button", ""),
        ("ben", "stopped", "one", "command", ""),
    ]


def test_the_bot_itself_stops_a_recording_at_the_time_limit(stack_on_sql: Stack) -> None:
    stack = stack_on_sql.start(MAX_DURATION_SECONDS="30")
    stack.recording()
    stack.wait_card("ended", reason="time_limit")

    assert recorded(stack) == [
        ("ana", "started", "daily", "command", ""),
        ("bot", "stopped", "daily", "time_limit", ""),
    ]
