"""`for 45m`, `until 15:30`: the end of a recording, as somebody typed it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from handlers.commands.usage import ANY_LENGTH, UsageError
from recordings.lifecycle.end_times import LONGEST_SECONDS, SHORTEST_SECONDS
from recordings.ports import Clock

_TOO_LONG = "A recording lasts 23 hours at most."
_TOO_SHORT = "A recording lasts at least a minute."
_NOT_TOMORROW = timedelta(hours=12)
"""A time that has passed today means tomorrow only if it comes sooner than this."""
_HOURS = r"(?P<hours>[0-9]{1,4}(?:[.,][0-9]{1,4})?)\s*(?:h|hrs?|hours?)"
_MINUTES = r"(?P<minutes>[0-9]{1,5}(?:[.,][0-9]{1,4})?)\s*(?:m|mins?|minutes?)"
_LENGTH = re.compile(rf"(?:{_HOURS})?\s*(?:{_MINUTES})?", re.IGNORECASE)
_BARE_NUMBER = re.compile(r"[0-9]{1,5}")
_HOURS_AND_REST = re.compile(rf"{_HOURS}\s*(?P<minutes>[0-5]?[0-9])", re.IGNORECASE)
_IN_WORDS = {"an hour": "1h", "one hour": "1h", "half an hour": "30m", "an hour and a half": "1h30m"}
_CLOCK = re.compile(r"(?P<hour>[0-9]{1,2})(?:[:.](?P<minute>[0-9]{2}))?\s*(?P<half>[ap]\.?m\.?)?", re.IGNORECASE)


class NotATime(UsageError):
    """The text is neither a length nor a time of day."""


@dataclass(frozen=True, slots=True)
class For:
    """This many seconds from now."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Until:
    """A time of day in the person's time zone."""

    hour: int
    minute: int

    def __str__(self) -> str:
        return f"{self.hour}:{self.minute:02d}"


TypedEnd = For | Until
TimeZone = Callable[[str], tzinfo | None]
"""The time zone of a Slack user; None if Slack does not answer."""


def parse_end(word: str, value: str) -> TypedEnd:
    """The time behind `for` or `until`. Raises `UsageError`."""
    plain = " ".join(unicodedata.normalize("NFKC", value).split())
    return _length(_IN_WORDS.get(plain.lower(), plain)) if word.lower() == "for" else _time_of_day(plain)


def _length(value: str) -> For:
    match = _HOURS_AND_REST.fullmatch(value) or _LENGTH.fullmatch(value)
    if match is None or not (match["hours"] or match["minutes"]):
        raise _not_a_length(value)
    seconds = 3600 * _number(match["hours"]) + 60 * _number(match["minutes"])
    _check_length(seconds)
    return For(seconds)


def _not_a_length(value: str) -> NotATime:
    if _BARE_NUMBER.fullmatch(value) is None:
        return NotATime("Give the time in minutes or hours.", ANY_LENGTH)
    number = int(value)
    if not SHORTEST_SECONDS <= number * 60 <= LONGEST_SECONDS:
        return NotATime(_TOO_SHORT if number == 0 else _TOO_LONG, ANY_LENGTH)
    if number * 3600 > LONGEST_SECONDS:
        return NotATime(f"Is that {number} minutes?", f"for {number}m")
    return NotATime(f"{number} minutes or hours? Type for {number}m or for {number}h.", f"for {number}m")


def _number(digits: str | None) -> float:
    return float((digits or "0").replace(",", "."))


def _check_length(seconds: float) -> None:
    if seconds < SHORTEST_SECONDS:
        raise UsageError(_TOO_SHORT, ANY_LENGTH)
    if seconds > LONGEST_SECONDS:
        raise UsageError(_TOO_LONG, ANY_LENGTH)


def _time_of_day(value: str) -> Until:
    match = _CLOCK.fullmatch(value)
    half = (match["half"] or "")[:1].lower() if match else ""
    if match is None or not (match["minute"] or half):
        raise NotATime("When should it end? Type the time as HH:MM, or a length instead.", ANY_LENGTH)
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if minute > 59 or hour > 23 or (half and not 1 <= hour <= 12):
        raise UsageError("There's no such time of day.", ANY_LENGTH)
    return Until(hour % 12 + (12 if half == "p" else 0) if half else hour, minute)


@dataclass(frozen=True, slots=True)
class EndTimes:
    """Turns what somebody typed into a moment."""

    clock: Clock
    time_zone: TimeZone

    def resolve(self, typed: TypedEnd, user: str, *, ask: bool = True) -> datetime:
        """`ask`: whether there is time to ask Slack for the person's time zone. Raises `UsageError`."""
        now = self.clock.now()
        if isinstance(typed, For):
            return now + timedelta(seconds=typed.seconds)
        zone = self.time_zone(user) if ask else None
        if zone is None:
            raise UsageError("Slack doesn't tell me your time zone. Type a length instead.", ANY_LENGTH)
        end = next(moment for moment in _moments(typed, now, zone) if moment > now)
        local_now = now.astimezone(zone)
        if end.astimezone(zone).date() > local_now.date() and end - now >= _NOT_TOMORROW:
            raise UsageError(
                f"It's already {local_now:%H:%M} where you are. Pick a later time, or a length.", ANY_LENGTH
            )
        _check_length((end - now).total_seconds())
        return end


def _moments(typed: Until, now: datetime, zone: tzinfo) -> Iterator[datetime]:
    """When a clock in this zone shows the time, from today on. On the day when clocks are set back it may be twice."""
    today = now.astimezone(zone).date()
    for days in range(3):
        for fold in (0, 1):
            shown = time(typed.hour, typed.minute, tzinfo=zone, fold=fold)
            yield datetime.combine(today + timedelta(days=days), shown).astimezone(UTC)
