"""How a call is recorded: audio and video or audio only, the layout of the picture, and its resolution.

Doc pages: cloud-recording/develop/composite-mode, develop/layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Media(StrEnum):
    """What is recorded of the call."""

    VIDEO = "video"
    """Audio and video."""
    AUDIO = "audio"
    """Audio only."""


class Layout(StrEnum):
    """How people are arranged in the picture."""

    FLOATING = "floating"
    """The first to join fills the picture; the others are small on top."""
    GRID = "grid"
    """Everybody has the same size."""
    SPEAKER = "speaker"
    """One person is large, on the left; the others are small beside."""


class Resolution(StrEnum):
    """The size of the picture, by its lines."""

    P360 = "360p"
    P480 = "480p"
    P720 = "720p"
    P1080 = "1080p"


Option = Media | Layout | Resolution

OPTION_WORDS: dict[str, Option] = {
    **{str(option): option for option in (*Media, *Layout, *Resolution)},
    "sound": Media.AUDIO,
    "audio-only": Media.AUDIO,
    "hd": Resolution.P720,
    "fullhd": Resolution.P1080,
}
"""What people type, in lower case. An Agora channel with such a name is typed in quotes, as for `END_WORDS`."""
END_WORDS = ("for", "until")
"""The words before the duration or the end time of a recording."""
HELP_WORDS = ("help", "--help", "-h")
"""Behind a command they ask for its help. A call with such a name is typed in quotes."""
UNSPACED_END = re.compile(rf"({'|'.join(END_WORDS)})(?=[0-9])", re.IGNORECASE)
"""One of `END_WORDS` without a space before the time: `for45m`."""


class Contradiction(ValueError):
    """Two options exclude each other. `second` is the one typed last. The text is for people."""

    def __init__(self, words: str, second: Option) -> None:
        super().__init__(words)
        self.second = second


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to record. For audio only, layout and resolution have no meaning."""

    media: Media = Media.VIDEO
    layout: Layout = Layout.GRID
    resolution: Resolution = Resolution.P720
    lasts: float | None = None
    """The duration in seconds that was asked for with the start, if any. The end time itself is an intent."""

    @property
    def has_picture(self) -> bool:
        return self.media is Media.VIDEO


DEFAULT_OPTIONS = Options()


def combine_options(options: Iterable[Option]) -> Options:
    """The default options, with these in their place. Raises `Contradiction`."""
    chosen: dict[str, Option] = {}
    for option in options:
        kind = type(option).__name__.lower()
        if chosen.get(kind, option) is not option:
            raise Contradiction(f"Choose {chosen[kind]} or {option}, not both.", option)
        chosen[kind] = option
    if chosen.get("media") is Media.AUDIO:
        kind, picture = next(((kind, option) for kind, option in chosen.items() if kind != "media"), ("", None))
        if picture is not None:
            raise Contradiction(f"Audio-only recordings have no {kind}. Leave out {picture}.", picture)
    return Options(**chosen)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedLayout:
    """The layout that Agora has confirmed, and the state of an attempt to change it."""

    layout: Layout | None = None
    """None before the first recorder."""
    big_uid: int | None = None
    """Who is large in the speaker layout."""
    tries: int = 0
    """Consecutive calls that did not change the layout."""
    due_at: datetime | None = None
    """When to try again; None: at once."""
    refused_at: datetime | None = None
    """The `Intent.layout_at` of the layout that Agora refused; of the first layout, the time of the request."""
    refusal: str = ""
    """Agora's text about the refusal."""


NO_LAYOUT_APPLIED = AppliedLayout()
