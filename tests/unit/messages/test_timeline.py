"""A timeline entry is one sentence."""

from __future__ import annotations

from typing import Any

from messages.timeline import timeline_message
from recordings.model.options import Layout
from recordings.model.timeline import TimelineEntry, TimelineEvent
from tests.fakes.rows import NOW, at

BEGINNINGS = {
    TimelineEvent.EXTENDED: "⏱️ <@U2> extended it to ",
    TimelineEvent.LAYOUT: "🖼️ <@U2> chose the layout speaker.",
    TimelineEvent.LAYOUT_REFUSED: ("🖼️ Agora refused the layout speaker, which <@U2> chose; it is recorded as before. "),
    TimelineEvent.MOVED: "🔁 Agora moved the recorder to another server at ",
    TimelineEvent.FOUND_AGAIN: "🔁 Agora did not find the recorder from ",
}


def test_every_event_is_one_line_that_says_what_happened() -> None:
    assert set(BEGINNINGS) == set(TimelineEvent)
    facts: dict[str, Any] = {"who": "U2", "moment": at(-60), "layout": Layout.SPEAKER, "detail": "invalid\nparameter"}
    for what, beginning in BEGINNINGS.items():
        entry = TimelineEntry(recording_id="rec1", slack_channel="C1", at=NOW, what=what, **facts)
        message = timeline_message(entry)

        assert message.text.startswith(beginning), what
        assert message.text.count("\n") == 0, what
        assert message.blocks[0]["elements"][0]["text"] == message.text, what
