"""The texts about a recording's files: what people can download, what is in no file, and what is missing.

Names of files, folders and the bucket are for *Details* and *Show location*: `location_lines`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from messages.blocks import EN_DASH, Block, about, clock, code, cut, plain, time_of_day
from messages.buttons import button
from messages.config import MessageConfig
from recordings.model.delivery import Delivery, DeliveryState, Footage
from recordings.model.recording import Recording
from recordings.model.unlinked import Position, UnlinkedPart, unlinked_parts
from recordings.service.links import Link, Links

LINKS_ACTION = "get_links"
_NAMES_SHOWN = 10
_PLAYLISTS_SHOWN = 4
"""Each server that recorded writes one. Agora moves a recorder at most three times."""
_PARTS_SHOWN = 6
_LINES_SHOWN = 10
_LONGEST_NAME = 130
"""By Agora's rules a file name has at most 123 characters."""
_LONGEST_PLACE = 200
_LONGEST_LABEL = 75
_MINUTE = timedelta(minutes=1)


def file_size(size: int) -> str:
    """`812 MB`, `1.4 GB`."""
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        number = size / bytes_
        if number >= 0.9995:
            return f"{number:.1f} {unit}" if number < 9.95 else f"{number:.0f} {unit}"
    return f"{size} bytes"


# what people can download


def summary(delivery: Delivery) -> str:
    """`17 min · 1 file, 812 MB`: the length, count and size of what the links give."""
    if delivery.downloadable:
        return " · ".join([*_length(delivery.length), files_and_size(delivery)])
    if not _has_segments(delivery):
        return "no file"
    return " · ".join([*_length(timedelta(seconds=delivery.seconds)), "no file, streaming segments only"])


def files_and_size(delivery: Delivery) -> str:
    """The files that people can download: `2 files, 812 MB`."""
    return f"{_count(len(delivery.downloadable))}, {file_size(delivery.download_size)}"


def _count(files: int) -> str:
    return "1 file" if files == 1 else f"{files} files"


def _length(length: timedelta | None) -> list[str]:
    return [about(length)] if length else []


def time_span(begun_at: datetime, ended_at: datetime) -> str:
    """Two times of day, with seconds if it is shorter than a minute."""
    shown = time_of_day if ended_at - begun_at >= _MINUTE else clock
    return f"{shown(begun_at)}{EN_DASH}{shown(ended_at)}"


# the card


def file_lines(recording: Recording, config: MessageConfig) -> list[str]:
    """The lines of the card about the files, once the recorder is gone: nothing if all is well."""
    delivery = recording.delivery or Delivery()
    match delivery.state:
        case DeliveryState.READY:
            return left_out_lines(recording, config.support_contact)
        case DeliveryState.MISSING:
            return _missing_lines(recording, delivery, config.support_contact)
        case DeliveryState.IN_BACKUP:
            return ["Some files aren't saved yet. Agora has a copy and keeps trying for a day."]
        case DeliveryState.UNVERIFIED:
            return [f"I can't see the files from here, but {config.support_contact} can."]
    still_checked = recording.files_awaited and recording.is_over
    return ["Checking that the files are saved…"] if still_checked else []


def saving_percent(recording: Recording) -> int | None:
    """How much is saved, in tens of percent; None if that is unknown, if it is everything, or if something hinders it:
    beside "not saved yet", a percentage would contradict itself."""
    is_awaited = recording.delivery is None or recording.delivery.state is DeliveryState.AWAITED
    tenths = recording.upload_tenths if is_awaited else None
    return tenths * 10 if tenths is not None and tenths < 10 else None


def _missing_lines(recording: Recording, delivery: Delivery, contact: str) -> list[str]:
    if delivery.code:
        return [f"Files can't be saved: the storage rejects the key. Ask {contact} to run `/record doctor`."]
    checking = " I'll keep checking for a day." if recording.files_awaited else ""
    if delivery.downloadable:
        return [f"⚠️ Some files didn't arrive.{checking}", *left_out_lines(recording, contact)]
    if _has_segments(delivery):
        return [f"{_without_file(delivery, contact)}{checking}"]
    happened = "The file that arrived is empty." if delivery.empty else "The recording ended, but no file arrived."
    return [f"{happened}{checking}"]


def left_out_lines(recording: Recording, contact: str = "") -> list[str]:
    """What the links don't give, with its time span, once the files were found or reported as missing. `contact`: who
    can recover it; empty: not mentioned."""
    delivery = recording.delivery or Delivery()
    if delivery.state not in (DeliveryState.READY, DeliveryState.MISSING):
        return []
    if not delivery.downloadable and _has_segments(delivery):
        return [_without_file(delivery, contact)]
    parts = unlinked_parts(recording)
    shown = [_left_out(part, len(delivery.downloadable), recording.files_awaited, contact) for part in parts]
    more = len(shown) - _PARTS_SHOWN
    return [*shown[:_PARTS_SHOWN], *([f"and {more} more (see Details)"] if more > 0 else [])]


def _has_segments(delivery: Delivery) -> bool:
    return any(delivery.is_stored(footage) for footage in delivery.known_footage)


def _without_file(delivery: Delivery, contact: str) -> str:
    if any(delivery.lacks_segments(footage) for footage in delivery.known_footage):
        return "⚠️ There's no file to download, and not all of its streaming segments are saved."
    length = "".join(f" ({words})" for words in _length(timedelta(seconds=delivery.seconds)))
    saved = f"The recording{length} is saved as streaming segments{_recovery(contact, 'it')}."
    return f"⚠️ There's no file to download. {saved}"


def _left_out(part: UnlinkedPart, files: int, is_awaited: bool, contact: str) -> str:
    words, is_one = _part_words(part)
    if not part.is_stored:
        verb = ("isn't" if is_one else "aren't") if is_awaited else ("wasn't" if is_one else "weren't")
        return f"⚠️ {words} {verb} saved{' yet' if is_awaited else ''}."
    left_out = f"⚠️ {words} {'isn' if is_one else 'aren'}'t in the {'file' if files == 1 else 'files'}"
    if part.lacks_segments:
        return f"{left_out}, and not all of the streaming segments are saved."
    saved = "It's" if is_one else "They're"
    return f"{left_out}. {saved} saved as streaming segments{_recovery(contact, 'it' if is_one else 'them')}."


def _part_words(part: UnlinkedPart) -> tuple[str, bool]:
    """`The first 5 minutes (8:53 to 8:58 PM)`, and whether that is a singular."""
    span = f" ({time_span(part.begun_at, part.ended_at)})" if part.begun_at and part.ended_at else ""
    at_an_end = part.position in (Position.FIRST, Position.LAST)
    if part.length is None:
        return f"{f'The {part.position}' if at_an_end else 'A'} part{span}", True
    length, is_one = _spoken(part.length)
    if at_an_end:
        return f"The {part.position} {length.removeprefix('1 ') if is_one else length}{span}", is_one
    return f"{length}{span}", is_one


def _spoken(length: timedelta) -> tuple[str, bool]:
    """`5 minutes`, `1 hour 5 minutes`, `40 seconds`; and whether it is exactly one."""
    seconds = max(1, round(length.total_seconds()))
    if seconds < 60:
        return _units(seconds, "second"), seconds == 1
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = [_units(number, unit) for number, unit in ((hours, "hour"), (minutes, "minute")) if number]
    return " ".join(parts), (hours, minutes) in ((0, 1), (1, 0))


def spoken_span(length: timedelta) -> str:
    """`2 minutes`, `40 seconds`."""
    return _spoken(length)[0]


def _units(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _recovery(contact: str, what: str) -> str:
    return f"; {contact} can recover {what}" if contact else ""


# the links


def has_links(recording: Recording) -> bool:
    """Whether there is a file to link to."""
    return bool(recording.delivery and recording.delivery.downloadable)


def links_button(recording: Recording, *, primary: bool = True) -> Block:
    """The button that replies with links, if the person may have them. `primary`: it is the message's main button."""
    label = cut(f"Get a private link to the recording of {recording.agora_channel}", _LONGEST_LABEL)
    style = {"style": "primary"} if primary else {}
    return {**button(LINKS_ACTION, "Get the recording", recording.id), "accessibility_label": label, **style}


def links_block(recording: Recording) -> Block:
    return {"type": "actions", "block_id": f"files-{recording.id}", "elements": [links_button(recording)]}


def link_label(link: Link, count: int) -> str:
    """`Open part 1 · 5 min (12 kB)`. A button can't show times in the reader's zone: `link_lines` does."""
    name = "Open the recording" if count == 1 else f"Open part {link.number}"
    return cut(f"{' · '.join([name, *_length(link.length)])} ({file_size(link.size)})", _LONGEST_LABEL)


def link_lines(given: Links, contact: str = "") -> list[str]:
    """When the files were recorded, as far as that is known, and what is in none of them. `contact`: who can recover
    that; empty: not mentioned."""
    delivery = given.recording.delivery or Delivery()
    shown = [_footage_line(delivery, footage) for footage in delivery.known_footage[:_LINES_SHOWN]]
    return [*(line for line in shown if line), *left_out_lines(given.recording, contact)]


def _footage_line(delivery: Delivery, footage: Footage) -> str:
    files = delivery.files_of(footage)
    if not files or footage.begun_at is None or footage.ended_at is None:
        return ""
    first = delivery.downloadable.index(files[0]) + 1
    numbers = f"Part {first}" if len(files) == 1 else f"Parts {first}{EN_DASH}{first + len(files) - 1}"
    name = [numbers] if len(delivery.downloadable) > 1 else []
    return " · ".join([*name, time_span(footage.begun_at, footage.ended_at), *_length(footage.length)])


# for Details and "Show location"


def location_lines(recording: Recording, folder: str) -> list[str]:
    """Where the files are: bucket and folders, and the names of what is there and what is missing."""
    delivery = recording.delivery or Delivery()
    if delivery.state in (DeliveryState.READY, DeliveryState.MISSING):
        return where_the_files_are(delivery, folder) if delivery.size else what_is_wrong(delivery, folder)
    place = f"In {code(folder, _LONGEST_PLACE)}"
    refused = f"The bucket can't be read: {plain(delivery.code, 80)}"
    named = ["Files that Agora named:", *_names(recording.files)] if recording.files else []
    return [place, *([refused] if delivery.code else []), *named]


def where_the_files_are(delivery: Delivery, folder: str) -> list[str]:
    """The files that are in the bucket, and what is missing beside them."""
    names = tuple(file.key for file in delivery.media_files)
    segments = [footage.playlist for footage in delivery.known_footage if not delivery.is_linked(footage)]
    playlists = ", ".join(_shown(tuple(segments)))
    return [
        summary(delivery),
        f"In {code(folder, _LONGEST_PLACE)}",
        *_names(names),
        *([f"Streaming segments only: {playlists}"] if playlists else []),
        *_incomplete(delivery, _NAMES_SHOWN // 2),
    ]


def what_is_wrong(delivery: Delivery, folder: str) -> list[str]:
    """The missing and empty files, and where the bot looked."""
    place = code(folder, _LONGEST_PLACE)
    if delivery.code:
        refused = f"The storage rejects the key or the bucket ({plain(delivery.code, 80)}). Agora uses the same."
        return [refused, f"The files should be in {place}"]
    most = _NAMES_SHOWN if not delivery.empty or not delivery.missing else _NAMES_SHOWN // 2
    if delivery.size or delivery.empty:
        lines = _incomplete(delivery, most)
    else:
        lines = ["No file arrived. Expected:", *_names(delivery.missing)]
    found = f", found: {summary(delivery)}" if delivery.size and not delivery.empty else ""
    return [*lines, f"Looked in {place}{found}"]


def _incomplete(delivery: Delivery, most: int) -> list[str]:
    empty = ["Empty files:", *_names(delivery.empty, most)] if delivery.empty else []
    missing = ["Missing files:", *_names(delivery.missing, most)] if delivery.missing else []
    return [*empty, *missing]


def _names(names: tuple[str, ...], most: int = _NAMES_SHOWN) -> list[str]:
    more = len(names) - most
    return [*_shown(names, most), *([f"and {more} more"] if more > 0 else [])]


def _shown(keys: tuple[str, ...], most: int = _PLAYLISTS_SHOWN) -> list[str]:
    return [code(key.rsplit("/", 1)[-1], _LONGEST_NAME) for key in keys[:most]]
