"""How a call is recorded: what of it, how people are arranged in the picture, and how large that is.

Doc pages: cloud-recording/develop/composite-mode, develop/layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Media(StrEnum):
    """What of the call is recorded."""

    VIDEO = "video"
    """Sound and picture."""
    AUDIO = "audio"
    """Sound only."""


class Layout(StrEnum):
    """How people are arranged in the picture."""

    FLOATING = "floating"
    """The first to join fills it; the others are small on top."""
    GRID = "grid"
    """Everybody is of one size."""
    SPEAKER = "speaker"
    """One is large, on the left; the others are small beside."""


class Resolution(StrEnum):
    """How large the picture is, by its lines."""

    P360 = "360p"
    P480 = "480p"
    P720 = "720p"
    P1080 = "1080p"


Option = Media | Layout | Resolution

WORDS: dict[str, Option] = {
    **{str(option): option for option in (*Media, *Layout, *Resolution)},
    "sound": Media.AUDIO,
    "audio-only": Media.AUDIO,
    "hd": Resolution.P720,
    "fullhd": Resolution.P1080,
}
"""What people type, in lower case. An Agora channel that is named so stands in quotes, as for `ENDS`."""
ENDS = ("for", "until")
"""The words before the time that a recording takes."""
GLUED = re.compile(rf"({'|'.join(ENDS)})(?=[0-9])", re.IGNORECASE)
"""One of these with the time right behind it: `for45m`."""


class Contradiction(ValueError):
    """Two options that can't both be. `second` is the one too many; the text says why."""

    def __init__(self, words: str, second: Option) -> None:
        super().__init__(words)
        self.second = second


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a recording was asked for. Sound only has no picture: its layout and resolution mean nothing."""

    media: Media = Media.VIDEO
    layout: Layout = Layout.GRID
    resolution: Resolution = Resolution.P720
    lasts: float | None = None
    """The seconds that it was asked to take, where so many were said; when it ends is a wish of its own."""

    @property
    def has_picture(self) -> bool:
        return self.media is Media.VIDEO


DEFAULT = Options()


def combine(options: Iterable[Option]) -> Options:
    """The usual ones with these in their place. Raises `Contradiction`."""
    found: dict[str, Option] = {}
    for option in options:
        kind = type(option).__name__.lower()
        if found.get(kind, option) is not option:
            raise Contradiction(f"Either {found[kind]} or {option}: both at once can't be.", option)
        found[kind] = option
    if found.get("media") is Media.AUDIO:
        picture = next((option for kind, option in found.items() if kind != "media"), None)
        if picture is not None:
            raise Contradiction(f"Sound only has no picture, so it can't be {picture}.", picture)
    return Options(**found)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedLayout:
    """How people are arranged in the picture, as far as Agora has agreed."""

    layout: Layout | None = None
    """None before there was a recorder."""
    big_uid: int | None = None
    """Who is large in the speaker layout."""
    tries: int = 0
    """Calls in a row that changed nothing."""
    due_at: datetime | None = None
    """When the next of them is due; None: at once."""
    refused_at: datetime | None = None
    """The moment of the wish that Agora refused."""
    refusal: str = ""
    """Agora's own words about it."""


NO_LAYOUT_APPLIED = AppliedLayout()
