"""Every message at its longest and most hostile: Slack takes it, and nobody is called by it who should not be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages import replies
from messages.alerts import alert_message
from messages.cards import Frame, card
from messages.text import Message
from messages.words import ENDED, FAILED, RECOVERED, WARNING
from recordings.model import Alert, AlertKind, Reason, Recording, State
from tests.fakes.hostile import agora_names, anything, assert_slack_takes, people, recordings
from tests.fakes.rows import NOW

ALERTS = [
    (kind, reason)
    for kind, words in (
        (AlertKind.FAILED, FAILED),
        (AlertKind.WARNING, WARNING),
        (AlertKind.RECOVERED, RECOVERED),
        (AlertKind.ENDED, ENDED),
    )
    for reason in words
]
failures = st.sampled_from(sorted(FAILED)).flatmap(lambda reason: recordings(state=State.FAILED, reason=reason))
ends = st.sampled_from(sorted(ENDED)).flatmap(lambda reason: recordings(state=State.ENDED, reason=reason))
unfinished = st.sampled_from(sorted(set(State) - {State.ENDED, State.FAILED})).flatmap(
    lambda state: recordings(state=state)
)
any_recording = st.one_of(failures, ends, unfinished)


@given(any_recording, anything)
def test_a_card(recording: Recording, folder: str) -> None:
    message = card(recording, Frame(14_400, lambda _: folder))

    assert_slack_takes(message)
    assert message.metadata["event_type"] == "recording_card"


@given(any_recording, st.sampled_from(ALERTS), st.booleans())
def test_an_alert(recording: Recording, what: tuple[AlertKind, Reason], direct: bool) -> None:
    kind, reason = what
    alert = Alert(kind=kind, reason=reason, cause="x", recording=recording, raised_at=NOW)
    message = alert_message(alert, direct=direct)

    assert_slack_takes(message)
    assert message.metadata["event_type"] == kind
    assert message.metadata["event_payload"]["reason"] == reason


ABOUT_ONE: dict[str, Callable[[Recording], Message]] = {
    "starting": replies.starting,
    "already here": lambda r: replies.already_here(r, "acme"),
    "stopping": lambda r: replies.stopping(r, again=False),
    "stopping again": lambda r: replies.stopping(r, again=True),
    "over already": lambda r: replies.over_already(r, "acme"),
}


@pytest.mark.parametrize("reply", ABOUT_ONE)
@given(recording=any_recording)
def test_a_reply_about_one_recording(reply: str, recording: Recording) -> None:
    assert_slack_takes(ABOUT_ONE[reply](recording))


@given(any_recording, anything)
def test_the_words_to_invite_the_bot(recording: Recording, bot_name: str) -> None:
    assert_slack_takes(replies.cannot_post(recording, bot_name[:80]))


@given(st.lists(any_recording, max_size=4).map(lambda few: few * 3))
def test_a_status_of_many(found: list[Recording]) -> None:
    message = replies.status(found, "acme")

    assert_slack_takes(message)
    shown = "\n".join(block["text"]["text"] for block in message.blocks)
    assert not shown.endswith("\u2026"), "no line is cut"


@given(st.lists(unfinished, min_size=1, max_size=4).map(lambda few: [*few, *few, *few]))
def test_the_list_to_choose_from(running: list[Recording]) -> None:
    assert_slack_takes(replies.which_one(running))


@given(agora_names)
def test_a_reply_about_a_name(name: str) -> None:
    for message in (replies.already_elsewhere(name), replies.nothing_here(name)):
        assert_slack_takes(message)


@given(anything, st.sampled_from([None, "start"]), people)
def test_a_reply_to_what_nobody_understands(typed: str, nearest: str | None, person: str) -> None:
    assert_slack_takes(replies.unknown_command(typed, nearest))
    assert_slack_takes(replies.usage(typed, "/record start daily"))


@pytest.mark.parametrize(
    "message",
    [
        replies.help_text(),
        replies.nothing_here(""),
        replies.storage_failed("0a1b2c3d"),
        replies.unexpected("0a1b2c3d"),
        replies.status([], "acme"),
    ],
)
def test_what_never_changes(message: Message) -> None:
    assert_slack_takes(message)
