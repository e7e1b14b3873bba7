"""The reply to *Show location*: where in the bucket the files of a recording are."""

from __future__ import annotations

from messages.blocks import Message, call, sections
from messages.files import location_lines
from recordings.model.recording import Recording


def location(recording: Recording, folder: str) -> Message:
    """`folder`: the bucket and the folders."""
    lines = [f"Location of the files of {call(recording.agora_channel)}", *location_lines(recording, folder)]
    return Message(text=" · ".join(lines[:2]), blocks=sections(lines))
