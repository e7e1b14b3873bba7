"""What happened to a recording, a line each in the thread of its card, and not for the channel."""

from __future__ import annotations

from messages.blocks import Message, clock, context, date_and_time, person, plain
from recordings.model.timeline import Happening, Line

_FIRST_WAIT, _LONGEST_WAIT = 2.0, 60.0


def line_message(line: Line) -> Message:
    """The line as a message."""
    return Message(text=_words(line), blocks=(context(_words(line)),))


def _words(line: Line) -> str:
    moment = line.moment or line.at
    match line.what:
        case Happening.EXTENDED:
            return f"⏱️ {person(line.who)} extended it to {date_and_time(moment)}."
        case Happening.LAYOUT:
            return f"🖼️ {person(line.who)} chose the layout {line.layout}."
        case Happening.LAYOUT_REFUSED:
            whom = f", which {person(line.who)} chose" if line.who else ""
            return f"🖼️ Agora refused the layout {line.layout}{whom}; it is recorded as before. {plain(line.detail)}"
        case Happening.MOVED:
            on = clock(line.at)
            return f"🔁 Agora moved the recorder to another server at {clock(moment)}; it goes on since {on}."
        case Happening.FOUND_AGAIN:
            return f"🔁 Agora did not find the recorder from {clock(moment)} to {clock(line.at)}; it goes on."
