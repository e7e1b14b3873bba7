"""`for 45m`, `until 15:30`: when a recording shall end, as somebody typed it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from handlers.commands.usage import UsageError
from recordings.lifecycle.end_times import LONGEST_SECONDS, SHORTEST_SECONDS
from recordings.ports import Clock

FOR_EXAMPLE, UNTIL_EXAMPLE = "/record start daily for 45m", "/record start daily until 15:30"
_TOO_LONG = "A recording can take 23 h at most: a recorder lives on a token, and no token outlives 24 h."
_TOO_SHORT = "A recording has to take at least a minute."
_NOT_TOMORROW = timedelta(hours=12)
_HOURS = r"(?P<hours>[0-9]{1,4}(?:[.,][0-9]{1,4})?)\s*(?:h|hrs?|hours?)"
_MINUTES = r"(?P<minutes>[0-9]{1,5}(?:[.,][0-9]{1,4})?)\s*(?:m|mins?|minutes?)"
_LENGTH = re.compile(rf"(?:{_HOURS})?\s*(?:{_MINUTES})?", re.IGNORECASE)
_HOURS_AND_REST = re.compile(rf"{_HOURS}\s*(?P<minutes>[0-5]?[0-9])", re.IGNORECASE)
_IN_WORDS = {"an hour": "1h", "one hour": "1h", "half an hour": "30m", "an hour and a half": "1h30m"}
_CLOCK = re.compile(r"(?P<hour>[0-9]{1,2})(?:[:.](?P<minute>[0-9]{2}))?\s*(?P<half>[ap]\.?m\.?)?", re.IGNORECASE)


class NotUnderstood(UsageError):
    """It is no time at all."""


@dataclass(frozen=True, slots=True)
class For:
    """So many seconds from now."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Until:
    """A time of day where the person is."""

    hour: int
    minute: int

    def __str__(self) -> str:
        return f"{self.hour}:{self.minute:02d}"


TimeZone = Callable[[str], tzinfo | None]
"""Where a Slack user's clock is; None where Slack does not tell."""


def parse_end(word: str, value: str) -> For | Until:
    """What stands behind `for` or `until`. Raises `UsageError`."""
    plain = " ".join(unicodedata.normalize("NFKC", value).split())
    return _length(_IN_WORDS.get(plain.lower(), plain)) if word.lower() == "for" else _clock(plain)


def _length(value: str) -> For:
    found = _HOURS_AND_REST.fullmatch(value) or _LENGTH.fullmatch(value)
    if found is None or not (found["hours"] or found["minutes"]):
        raise NotUnderstood("I don't understand for how long: hours and minutes, as in 45m, 2h or 1h30m.", FOR_EXAMPLE)
    seconds = 3600 * _number(found["hours"]) + 60 * _number(found["minutes"])
    return For(_checked(seconds, FOR_EXAMPLE))


def _number(digits: str | None) -> float:
    return float((digits or "0").replace(",", "."))


def _checked(seconds: float, example: str) -> float:
    if seconds < SHORTEST_SECONDS:
        raise UsageError(_TOO_SHORT, example)
    if seconds > LONGEST_SECONDS:
        raise UsageError(_TOO_LONG, example)
    return seconds


def _clock(value: str) -> Until:
    found = _CLOCK.fullmatch(value)
    half = (found["half"] or "")[:1].lower() if found else ""
    if found is None or not (found["minute"] or half):
        raise NotUnderstood("I don't understand until when: a time of day, as in 15:30 or 3:30pm.", UNTIL_EXAMPLE)
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if minute > 59 or hour > 23 or (half and not 1 <= hour <= 12):
        raise UsageError("There is no such time of day.", UNTIL_EXAMPLE)
    return Until(hour % 12 + (12 if half == "p" else 0) if half else hour, minute)


@dataclass(frozen=True, slots=True)
class Ends:
    """The moment at which what somebody asked for ends."""

    clock: Clock
    time_zone: TimeZone

    def __call__(self, asked: For | Until, by: str) -> datetime:
        """Raises `UsageError`."""
        now = self.clock.now()
        if isinstance(asked, For):
            return now + timedelta(seconds=asked.seconds)
        zone = self.time_zone(by)
        if zone is None:
            raise UsageError(
                "Slack does not tell me in which time zone you are, so I can't say when that is.", FOR_EXAMPLE
            )
        end = next(moment for moment in _moments(asked, now, zone) if moment > now)
        if end.astimezone(zone).date() > now.astimezone(zone).date() and end - now >= _NOT_TOMORROW:
            here = now.astimezone(zone)
            raise UsageError(f"It is {here:%H:%M} where you are, so {asked} has passed today.", FOR_EXAMPLE)
        _checked((end - now).total_seconds(), UNTIL_EXAMPLE)
        return end


def _moments(asked: Until, now: datetime, zone: tzinfo) -> Iterator[datetime]:
    """When a clock there shows this, today and the days after; where clocks are set back, it does so twice."""
    today = now.astimezone(zone).date()
    for days in range(3):
        for fold in (0, 1):
            shown = time(asked.hour, asked.minute, tzinfo=zone, fold=fold)
            yield datetime.combine(today + timedelta(days=days), shown).astimezone(UTC)
