"""A timeline entry is one sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from messages.blocks import clock, day_and_time
from messages.timeline import timeline_message
from recordings.model.options import Layout
from recordings.model.timeline import TimelineEntry, TimelineEvent
from tests.fakes.rows import NOW, at

SENTENCES = {
    TimelineEvent.EXTENDED: f"⏱️ <@U2> added time: ends {day_and_time(at(-60))}.",
    TimelineEvent.LAYOUT: "🖼️ <@U2> changed the layout to Speaker.",
    TimelineEvent.LAYOUT_REFUSED: "🖼️ The layout couldn't be changed to Speaker; it's still Grid.",
    TimelineEvent.MOVED: f"🔁 The recorder moved to another server within 1 min ({clock(at(-60))}). Still recording.",
    TimelineEvent.FOUND_AGAIN: f"🔁 The recorder was unreachable for 1 min ({clock(at(-60))}). Still recording.",
}


def an_entry(what: TimelineEvent, detail: str = "grid") -> TimelineEntry:
    facts: dict[str, Any] = {"who": "U2", "moment": at(-60), "layout": Layout.SPEAKER, "detail": detail}
    return TimelineEntry(recording_id="rec1", slack_channel="C1", at=NOW, what=what, **facts)


def test_every_event_is_one_line_that_says_what_happened() -> None:
    assert set(SENTENCES) == set(TimelineEvent)
    for what, sentence in SENTENCES.items():
        message = timeline_message(an_entry(what))

        assert message.text == sentence, what
        assert message.blocks[0]["elements"][0]["text"] == message.text, what


def test_less_than_a_second_is_not_said_to_be_none() -> None:
    short = replace(an_entry(TimelineEvent.FOUND_AGAIN), moment=at(-0.2))

    assert "unreachable for 1 s" in timeline_message(short).text


def test_an_entry_of_the_previous_release_has_agoras_text_which_nobody_reads() -> None:
    message = timeline_message(an_entry(TimelineEvent.LAYOUT_REFUSED, "HTTP 400: invalid\nparameter"))

    assert message.text == "🖼️ The layout couldn't be changed to Speaker; it stays as it was."
