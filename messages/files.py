"""The texts about a recording's files: what is in the bucket, and what is missing."""

from __future__ import annotations

from datetime import timedelta

from messages.blocks import Block, code, exact_span, plain
from messages.buttons import button
from recordings.model.delivery import Delivery, DeliveryState
from recordings.model.playlists import playlists_without_mp4
from recordings.model.recording import Recording

LINKS_ACTION = "get_links"
_NAMES_SHOWN = 10
_PLAYLISTS_SHOWN = 4
"""Each server that recorded writes one. Agora moves a recorder at most three times."""
_LOST_SHOWN = 6
"""At most three segments can be lost, with at least two expected files each."""
_LONGEST_NAME = 130
"""By Agora's rules a file name has at most 123 characters."""
_LONGEST_PLACE = 200


def file_size(size: int) -> str:
    """`812 MB`, `1.4 GB`."""
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        number = size / bytes_
        if number >= 0.9995:
            return f"{number:.1f} {unit}" if number < 9.95 else f"{number:.0f} {unit}"
    return f"{size} bytes"


def summary(delivery: Delivery) -> str:
    """`2 MP4 files, 1 h 05 min, 812 MB`. The size is that of the files that people can download."""
    count = len(delivery.media_files)
    kind = "no MP4, HLS only" if not count else "1 MP4 file" if count == 1 else f"{count} MP4 files"
    lasts = [exact_span(timedelta(seconds=delivery.seconds))] if delivery.seconds else []
    size = sum(file.size for file in delivery.media_files) if delivery.media_files else delivery.size
    return ", ".join((kind, *lasts, file_size(size)))


def file_lines(recording: Recording, folder: str) -> list[str]:
    """The lines of the card about the files, once the recorder is gone. `folder`: bucket and folders."""
    delivery = recording.delivery
    place = code(folder, _LONGEST_PLACE)
    match delivery and delivery.state:
        case DeliveryState.READY if delivery is not None:
            first, *others = where_the_files_are(delivery, folder)
            return [f"📁 The files are there: {first}", *others]
        case DeliveryState.MISSING if delivery is not None:
            return what_is_wrong(delivery, folder)
        case DeliveryState.IN_BACKUP:
            return ["Agora could not store every file yet and keeps the rest in its backup; it goes on trying."]
        case DeliveryState.UNVERIFIED if delivery is not None:
            not_verified = f"Not verified: I can't look into the bucket ({plain(delivery.code, 80)})."
            return [not_verified, *_named(recording, place)]
    still_checked = recording.files_awaited and recording.is_over
    return ["I look for its files in the bucket, and tell you here."] if still_checked else []


def where_the_files_are(delivery: Delivery, folder: str) -> list[str]:
    """The files that are in the bucket, and where."""
    place = code(folder, _LONGEST_PLACE)
    incomplete = _incomplete_segments(delivery)
    if delivery.media_files:
        only_hls = _shown(playlists_without_mp4(delivery.playlists, delivery.media_files))
        without = [f"Without an MP4: {', '.join(only_hls)}"] if only_hls else []
        return [summary(delivery), f"In {place}", *without, *incomplete]
    play = f"To play it, open {' and then '.join(_shown(delivery.playlists))} of {place}"
    return [summary(delivery), play, *incomplete]


def _incomplete_segments(delivery: Delivery) -> list[str]:
    """The missing and empty files of a lost segment, beside the good files of the others."""
    lines = []
    if delivery.missing:
        lines += [
            "Of a part that was lost, or held nothing, these files were not stored:",
            *_names(delivery.missing, _LOST_SHOWN),
        ]
    if delivery.empty:
        lines += ["These files hold nothing:", *_names(delivery.empty, _LOST_SHOWN // 2)]
    return lines


def _named(recording: Recording, place: str) -> list[str]:
    if not recording.files:
        return [f"Agora was told to put the files into {place}."]
    return [f"Files that Agora named, in {place}:", *_names(recording.files)]


def what_is_wrong(delivery: Delivery, folder: str) -> list[str]:
    """The missing and empty files, and where the bot looked."""
    place = code(folder, _LONGEST_PLACE)
    if delivery.code:
        return [
            f"The storage refuses the key or the bucket ({plain(delivery.code, 80)}), and Agora has to use the same.",
            f"It should be in {place}",
        ]
    most = _NAMES_SHOWN if not delivery.empty or not delivery.missing else _NAMES_SHOWN // 2
    lines = []
    if delivery.empty:
        lines += ["These files hold nothing:", *_names(delivery.empty, most)]
    if delivery.missing and (delivery.size or delivery.empty):
        lines += ["These files are missing:", *_names(delivery.missing, most)]
    if not lines:
        lines = ["Nothing of it is in the bucket. These files should be:", *_names(delivery.missing)]
    found = f"; found: {summary(delivery)}" if delivery.size and not delivery.empty else ""
    return [*lines, f"Looked for in {place}{found}"]


def _names(names: tuple[str, ...], most: int = _NAMES_SHOWN) -> list[str]:
    more = len(names) - most
    return [*_shown(names, most), *([f"and {more} more"] if more > 0 else [])]


def _shown(keys: tuple[str, ...], most: int = _PLAYLISTS_SHOWN) -> list[str]:
    return [code(key.rsplit("/", 1)[-1], _LONGEST_NAME) for key in keys[:most]]


def has_links(recording: Recording) -> bool:
    """Whether there is a file to link to."""
    return bool(recording.delivery and recording.delivery.downloadable)


def links_button(recording: Recording) -> Block:
    """The button that replies with links, if the person may have them."""
    return button(LINKS_ACTION, "Get the files", recording.id)


def files_and_size(delivery: Delivery) -> str:
    """The files that people can download: `2 files, 812 MB`."""
    files = delivery.downloadable
    return f"{len(files)} {'file' if len(files) == 1 else 'files'}, {file_size(sum(file.size for file in files))}"


def links_block(recording: Recording) -> Block:
    return {"type": "actions", "block_id": f"files-{recording.id}", "elements": [links_button(recording)]}
