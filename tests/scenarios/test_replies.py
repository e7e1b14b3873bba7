"""What people read in answer: in their own words, and never more than is known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from simulator.slack import Interaction, Message
from tests.scenarios.stack import Stack, words


def said(stack: Stack, text: str, *, channel: str = "daily") -> str:
    return words(stack.command(text, channel=channel))


def press_help(stack: Stack, action: str, *, by: str = "ana") -> tuple[Message, Interaction]:
    """Somebody presses a button of the help; the help, and the press."""
    reply = stack.command("help", by=by).reply
    assert reply is not None
    return reply, stack.press(reply, action, by=by)


# Examples and suggestions


def test_a_length_needs_no_word_before_it(stack: Stack) -> None:
    stack.start()
    assert "Starting to record *team-sync*" in said(stack, "start team-sync 45m")
    assert stack.row("team-sync").intent.ends_at == stack.now + timedelta(minutes=45)


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("start team-sync for 45", "/record start team-sync for 45m"),
        ("start team-sync for ever", "/record start team-sync for 45m"),
        ("start team-sync please", '/record start "team-sync please"'),
        ("start team-sync adio", "/record start team-sync audio"),
        ("start #general", "/record start general"),
        ("start team-sync until 0:61", "/record start team-sync for 45m"),
        ("strat team-sync", "/record start team-sync"),
        ("team-sync", "/record start team-sync"),
    ],
)
def test_an_error_shows_the_persons_own_command_and_nothing_starts(stack: Stack, text: str, example: str) -> None:
    stack.start()
    answer = said(stack, text)
    assert f"`{example}`" in answer
    assert "daily" not in answer
    assert stack.every_row() == []


def test_help_behind_a_command_shows_help_and_records_nothing(stack: Stack) -> None:
    stack.start()
    assert "`1080p`" in said(stack, "start help")
    assert "*`/record stop` stops a recording*" in said(stack, "stop help")
    assert stack.every_row() == []
    said(stack, 'start "help"')
    assert stack.row("help").agora_channel == "help"


def test_commands_that_do_not_exist_are_answered_with_what_to_do_instead(stack: Stack) -> None:
    stack.start(SUPPORT_CONTACT="<#C0HELP>")
    for word in ("extend", "files", "link", "download", "share", "delete", "pause", "cancel", "who", "settings"):
        answer = said(stack, word)
        assert answer.startswith(f"There's no `{word}` command."), answer
        assert "Did you mean" not in answer, answer
    assert "Ask <#C0HELP>" in said(stack, "delete")


def test_stop_all_asks_which_one_while_several_run(stack: Stack) -> None:
    stack.start()
    stack.recording("one")
    stack.recording("two")
    for text in ("stop all", "stop now"):
        assert "Two recordings are running. Which one should stop?" in said(stack, text)
    assert len(stack.agora.running()) == 2


# The help


def test_the_help_opens_the_form_and_shows_every_option(stack: Stack) -> None:
    stack.start()
    _, opened = press_help(stack, "open_form")
    assert opened.acknowledged
    view = stack.slack.person("ana").modal
    assert view is not None
    assert view.elements["channel"]["initial_value"] == "daily"
    stack.submit(view)
    assert stack.row().started_by == stack.slack.person("ana").id

    reply, shown = press_help(stack, "help_options")
    assert shown.acknowledged
    stack.wait_for(lambda: "`1080p`" in reply.said, what="every option in place of the help")


def test_a_guest_who_presses_open_form_reads_who_may(stack: Stack) -> None:
    stack.start()
    reply = stack.command("help", by="gus", channel="general").reply
    assert reply is not None
    assert "Guests can't start or stop recordings" in stack.answer(stack.press(reply, "open_form", by="gus"))
    assert stack.slack.person("gus").modal is None


# Where the bot can't post


def test_in_a_conversation_between_people_the_first_answer_says_where_to_record(stack: Stack) -> None:
    stack.start()
    ana, ben = stack.slack.person("ana"), stack.slack.person("ben")
    conversation = stack.slack.workspace.direct(ana.user, ben.user)
    asked = stack.command("start daily", channel=conversation)
    assert "I can't record from a DM between people" in words(asked)
    stack.run_for(5)
    assert len(asked.answers) == 1
    assert stack.agora.requests() == []


# Stop while Agora rejects the sign-in


def test_a_stop_while_agora_rejects_the_sign_in_says_that_it_cannot_be_done_yet(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.fault("*", answer="unauthorized", times=None)
    stack.wait_for(lambda: stack.row().probe.unanswered_since, what="a rejected query")
    cannot = "I can't stop *daily* yet: Agora rejects our sign-in."
    assert cannot in stack.answer(stack.press_stop(card))
    assert cannot in said(stack, "stop")
    assert "Recording since" not in said(stack, "status")

    stack.agora.clear_faults()
    stack.wait_card("ended", reason="stopped")


# Record again


def test_record_again_keeps_the_options_and_the_length(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1000)
    stack.submit(stack.open_form(), length="20m", media="audio")
    stack.wait_card("recording")
    stack.command("stop")
    card = stack.wait_card("ended")
    pressed_at = stack.now
    assert "It ends" in stack.answer(stack.choose(card, "more", "Record again"))
    again = stack.row()
    assert again.intent.ends_at == pressed_at + timedelta(minutes=20)
    assert (again.options.media, again.options.lasts) == ("audio", 1200)


def test_after_a_failed_start_the_chosen_time_of_day_stays_the_end(stack: Stack) -> None:
    stack.start()
    stack.agora.fault("acquire", answer="unauthorized", times=1)
    chosen = (stack.now + timedelta(hours=4)).replace(second=0, microsecond=0)
    said(stack, f"start daily until {chosen:%H:%M}")  # ana is in Madrid, two hours ahead of UTC
    end = stack.row().intent.ends_at
    assert end == chosen - timedelta(hours=2)
    card = stack.wait_card("failed")
    stack.answer(stack.press(card, "record_again"))
    assert stack.row().intent.ends_at == end
