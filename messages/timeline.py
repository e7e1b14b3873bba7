"""Timeline entries: one line in the card's thread for each event that nobody has to act on."""

from __future__ import annotations

from messages.blocks import Message, clock, context, date_and_time, person, plain
from recordings.model.timeline import TimelineEntry, TimelineEvent


def timeline_message(entry: TimelineEntry) -> Message:
    sentence = _sentence(entry)
    return Message(text=sentence, blocks=(context(sentence),))


def _sentence(entry: TimelineEntry) -> str:
    moment = entry.moment or entry.at
    match entry.what:
        case TimelineEvent.EXTENDED:
            return f"⏱️ {person(entry.who)} extended it to {date_and_time(moment)}."
        case TimelineEvent.LAYOUT:
            return f"🖼️ {person(entry.who)} chose the layout {entry.layout}."
        case TimelineEvent.LAYOUT_REFUSED:
            whom = f", which {person(entry.who)} chose" if entry.who else ""
            return f"🖼️ Agora refused the layout {entry.layout}{whom}; it is recorded as before. {plain(entry.detail)}"
        case TimelineEvent.MOVED:
            on = clock(entry.at)
            return f"🔁 Agora moved the recorder to another server at {clock(moment)}; it goes on since {on}."
        case TimelineEvent.FOUND_AGAIN:
            return f"🔁 Agora did not find the recorder from {clock(moment)} to {clock(entry.at)}; it goes on."
