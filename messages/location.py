"""The reply to *Show location*: where in the bucket the files of a recording are."""

from __future__ import annotations

from messages.blocks import Message, call, code, sections
from recordings.model.recording import Recording

_LONGEST_PLACE, _LONGEST_NAME = 200, 130
_NAMES_SHOWN = 20


def location(recording: Recording, folder: str) -> Message:
    """`folder`: the bucket and the folders."""
    name, place = call(recording.agora_channel), code(folder, _LONGEST_PLACE)
    keys = _keys(recording)
    shown = [code(key.rsplit("/", 1)[-1], _LONGEST_NAME) for key in keys[:_NAMES_SHOWN]]
    more = [f"and {len(keys) - len(shown)} more"] if len(keys) > len(shown) else []
    head = f"The files of {name} are in {place}" if keys else f"No file of {name} is known. They belong in {place}"
    return Message(text=head, blocks=sections([head, *shown, *more]))


def _keys(recording: Recording) -> list[str]:
    """What the last check found, or else what Agora named."""
    delivery = recording.delivery
    if delivery is not None and (delivery.media_files or delivery.playlists):
        return [*(file.key for file in delivery.media_files), *delivery.playlists]
    return [*(name for segment in recording.lost_segments for name in segment.files), *recording.files]
