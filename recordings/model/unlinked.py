"""The parts of a call that are in none of the files that people can download, with their time spans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from recordings.model.delivery import Delivery, DeliveryState, Footage
from recordings.model.playlists import basename
from recordings.model.recording import Recording

_SHORTEST = timedelta(seconds=1)


class Position(StrEnum):
    """Where in the recording a part is."""

    ALL = "all"
    FIRST = "first"
    MIDDLE = "middle"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkedPart:
    """A part that no link gives. What is not known of it is None."""

    position: Position
    length: timedelta | None
    begun_at: datetime | None
    ended_at: datetime | None
    is_stored: bool
    """Its streaming segments are in the bucket. Otherwise no file of it is."""
    lacks_segments: bool
    """Some of its streaming segments are not."""


@dataclass(frozen=True, slots=True)
class _Part:
    length: timedelta | None
    begun_at: datetime | None
    ended_at: datetime | None
    is_linked: bool = False
    is_stored: bool = False
    lacks_segments: bool = False


def unlinked_parts(recording: Recording) -> tuple[UnlinkedPart, ...]:
    """The parts that are in no file, in order. Nothing before the files were found, or reported as missing."""
    delivery = recording.delivery
    if delivery is None or delivery.state not in (DeliveryState.READY, DeliveryState.MISSING):
        return ()
    parts = list(_parts(recording, delivery))
    return tuple(
        UnlinkedPart(
            position=_position(number, len(parts)),
            length=part.length,
            begun_at=part.begun_at,
            ended_at=part.ended_at,
            is_stored=part.is_stored,
            lacks_segments=part.lacks_segments,
        )
        for number, part in enumerate(parts)
        if not part.is_linked
    )


def _position(number: int, count: int) -> Position:
    if count == 1:
        return Position.ALL
    return {0: Position.FIRST, count - 1: Position.LAST}.get(number, Position.MIDDLE)


def _parts(recording: Recording, delivery: Delivery) -> Iterator[_Part]:
    """Everything that was recorded, one part for each server."""
    if not recording.lost_segments:
        yield from (_of_footage(delivery, footage) for footage in delivery.known_footage)
        return
    for segment in recording.lost_segments:
        yield from _of_sid(delivery, segment.sid) or [_without_files(segment.up_at, segment.recorded_until)]
    current = _of_sid(delivery, recording.sid) if recording.sid else []
    was_expected = recording.up_at is not None and delivery.state is DeliveryState.MISSING
    yield from current or ([_without_files(recording.up_at, recording.ended_at)] if was_expected else [])


def _of_sid(delivery: Delivery, sid: str) -> list[_Part]:
    parts = [_of_footage(delivery, footage) for footage in delivery.known_footage if sid in basename(footage.playlist)]
    has_file = any(sid in basename(file.key) for file in delivery.downloadable)
    return parts or ([_Part(None, None, None, is_linked=True)] if has_file else [])


def _of_footage(delivery: Delivery, footage: Footage) -> _Part:
    return _Part(
        footage.length,
        footage.begun_at,
        footage.ended_at,
        is_linked=delivery.is_linked(footage),
        is_stored=delivery.is_stored(footage),
        lacks_segments=delivery.lacks_segments(footage),
    )


def _without_files(begun_at: datetime | None, ended_at: datetime | None) -> _Part:
    if begun_at is None or ended_at is None or ended_at - begun_at < _SHORTEST:
        return _Part(None, None, None)
    return _Part(ended_at - begun_at, begun_at, ended_at)
