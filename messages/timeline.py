"""Timeline entries: one line in the card's thread for each event that nobody has to act on."""

from __future__ import annotations

from datetime import timedelta

from messages.blocks import Message, about, clock, context, day_and_time, person
from messages.layout import LAYOUT_NAMES
from recordings.model.options import Layout
from recordings.model.timeline import TimelineEntry, TimelineEvent


def timeline_message(entry: TimelineEntry) -> Message:
    sentence = _sentence(entry)
    return Message(text=sentence, blocks=(context(sentence),))


def _sentence(entry: TimelineEntry) -> str:
    moment = entry.moment or entry.at
    match entry.what:
        case TimelineEvent.EXTENDED:
            return f"⏱️ {person(entry.who)} added time: ends {day_and_time(moment)}."
        case TimelineEvent.LAYOUT:
            return f"🖼️ {person(entry.who)} changed the layout to {_name(entry.layout)}."
        case TimelineEvent.LAYOUT_REFUSED:
            return f"🖼️ The layout couldn't be changed to {_name(entry.layout)}; {_kept(entry)}."
        case TimelineEvent.MOVED:
            span = about(entry.at - moment)
            return f"🔁 The recorder moved to another server within {span} ({clock(moment)}). Still recording."
        case TimelineEvent.FOUND_AGAIN:
            span = about(max(entry.at - moment, timedelta(seconds=1)))
            return f"🔁 The recorder was unreachable for {span} ({clock(moment)}). Still recording."


def _name(layout: Layout | None) -> str:
    return LAYOUT_NAMES.get(layout or Layout.GRID, "")


def _kept(entry: TimelineEntry) -> str:
    """The previous release stored Agora's text in `detail`."""
    kept = next((name for layout, name in LAYOUT_NAMES.items() if layout == entry.detail), None)
    return "it stays as it was" if kept is None else f"it's still {kept}"
