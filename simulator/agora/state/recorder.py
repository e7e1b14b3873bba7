"""One recorder: what becomes of it as time passes and as people come and go."""

from __future__ import annotations

import enum
from bisect import bisect_right
from collections.abc import Callable, Set
from dataclasses import dataclass, field

from simulator.agora.http.checks import Fields, file_types, part
from simulator.agora.state.file_names import Stream, file_list, mp4_count
from simulator.agora.state.media import Part
from simulator.agora.timing import Timing


class Phase(enum.Enum):
    """Where a recorder is in its life."""

    STARTING = "starting"
    SHUT_OUT = "shut out"
    """It can't join: a token or a ban is in the way."""
    IN_CHANNEL = "in channel"
    MOVING = "moving"
    LEAVING = "leaving"
    """Statuses 6, 7, 8."""
    CRASHED = "crashed"
    """Status 20."""
    EXITING = "exiting"
    """It left by itself: not found any more, and a stop still hears that it is leaving."""
    GONE = "gone"


class Happening(enum.Enum):
    """What a recorder tells at once to whoever watches it."""

    HEARS = "hears"
    """It is in the channel; what it receives may have changed."""
    MOVED = "moved"
    LEFT = "left"
    REFUSED = "refused"
    """An upload failed, after one that did not."""


Witness = Callable[["Recorder", Happening, float], None]

_FORCIBLE = (Phase.STARTING, Phase.SHUT_OUT, Phase.IN_CHANNEL)


@dataclass
class Recorder:
    """A task at Agora, from start until it is gone."""

    sid: str
    resource_id: str
    mode: str
    channel: str
    uid: int
    request: Fields
    """The clientRequest of its start."""
    timing: Timing
    started_at: float
    started_wall: float
    api_until: float
    """When query and stop stop working: resourceExpiredHour."""
    token_until: float | None = None
    token_problem: str | None = None
    storage_works: bool = True
    uploads: bool = False
    """Whether its files really go somewhere: what is stored then is what has arrived there."""
    phase: Phase = Phase.STARTING
    since: float = 0.0
    channel_uid: int = 0
    """The uid that it has in the channel now."""
    moves: int = 0
    next_uid: int | None = None
    forced: int | None = None
    ended_by: str | None = None
    ended_at: float | None = None
    recorded: bool = False
    parts: list[Part] = field(default_factory=lambda: [Part()])
    """What each of its servers recorded, the newest last."""
    brought: dict[str, object] = field(default_factory=dict)
    """By key, what was uploaded."""
    upload_failed: bool = False
    """Whether the last try to upload something failed."""
    storage_wrong: bool = False
    """Whether that was because its storage can't be what it was told."""
    restored_at: float | None = None
    """Unix time from which on Agora's backup sends its files."""
    layout: Fields = field(default_factory=dict)
    """Its layout settings: those of its start, or of the last `updateLayout`."""
    witness: Witness | None = field(default=None, repr=False)
    _empty_since: float | None = None
    _away_for: float = 0.0

    def __post_init__(self) -> None:
        self.since = self.started_at
        self.channel_uid = self.uid

    @property
    def part(self) -> Part:
        """What it records now."""
        return self.parts[-1]

    @property
    def alive(self) -> bool:
        """Whether it still is at Agora in any way."""
        return self.phase is not Phase.GONE

    @property
    def in_channel(self) -> bool:
        """Whether it is among the channel's users."""
        return self.phase is Phase.IN_CHANNEL and self.forced in (None, 4, 5)

    @property
    def idle_time(self) -> float:
        """After how long without people it leaves."""
        seconds = part(self.request, "recordingConfig").get("maxIdleTime", 30)
        return self.timing.idle if self.timing.idle is not None else float(str(seconds)) * self.timing.idle_scale

    # What happens to it

    def enter(self, now: float) -> None:
        """It joins the channel (for the first time, or after a move)."""
        self.phase, self.since = Phase.IN_CHANNEL, now
        if self.next_uid is not None:
            self.channel_uid, self.next_uid = self.next_uid, None

    def notice(self, now: float, streams: Set[Stream], *, empty: bool) -> None:
        """Who is in the channel, and what it gets of them, from now on."""
        self.part.hear(now, streams)
        self.recorded = self.recorded or bool(streams)
        if not empty:
            self._empty_since = None
        elif self._empty_since is None:
            self._empty_since = now
        self.tell(Happening.HEARS, now)

    def move(self, now: float, uid: int, duration: float) -> None:
        """Its server fails: another one takes over after that long, under another uid."""
        self._out_of_channel(now)
        self.phase, self.since, self.next_uid = Phase.MOVING, now, uid
        self._away_for = duration
        self.moves += 1
        self.parts.append(Part(self.moves))
        self.tell(Happening.MOVED, now)

    def leave(self, now: float, reason: str, phase: Phase = Phase.LEAVING) -> None:
        """It ends, for that reason, by way of that phase."""
        first = self.ended_by is None
        if first:
            self.ended_by, self.ended_at = reason, now
            self._out_of_channel(now)
            self.part.flushed = phase in (Phase.LEAVING, Phase.EXITING)
            if self.forced is not None and self.forced < 5:
                self.parts = [Part(self.moves)]  # it never got so far as to record
        self.phase, self.since, self.forced = phase, now, None
        if first:
            self.tell(Happening.LEFT, now)

    def refused(self, now: float, *, storage_wrong: bool) -> None:
        """A try to upload something failed."""
        first, self.upload_failed, self.storage_wrong = not self.upload_failed, True, storage_wrong
        if first:
            self.tell(Happening.REFUSED, now)

    def tell(self, what: Happening, now: float) -> None:
        """Let whoever watches know."""
        if self.witness is not None:
            self.witness(self, what, now)

    def _out_of_channel(self, now: float) -> None:
        self.part.hear(now, set())
        self._empty_since = None

    # What time does to it

    def due(self) -> float | None:
        """When it next changes by itself; None where it does not."""
        timing = self.timing
        lasts = {
            Phase.STARTING: timing.ready,
            Phase.SHUT_OUT: timing.join_given_up,
            Phase.MOVING: self._away_for,
            Phase.LEAVING: timing.stopping + timing.stopped + timing.exiting,
            Phase.CRASHED: timing.crash_shown,
            Phase.EXITING: timing.exit_lingers,
        }
        if self.phase in lasts:
            return self.since + lasts[self.phase]
        leaves = [moment for moment in (self.token_until, self.idle_until) if moment is not None]
        return min(leaves) if leaves and self.phase is Phase.IN_CHANNEL else None

    @property
    def idle_until(self) -> float | None:
        """When it leaves an empty channel."""
        return None if self._empty_since is None or self.mode == "web" else self._empty_since + self.idle_time

    # What it shows

    def heard(self, now: float) -> float:
        """Seconds of media in this part."""
        return self.part.whole.seconds(now)

    def stored(self, now: float) -> bool:
        """Whether this part has a file in the bucket."""
        part = self.part
        enough = part.flushed or self.heard(now) >= self.timing.first_slice
        arrived = part.brought or (part.flushed and not self.upload_failed) if self.uploads else self.storage_works
        return part.began is not None and enough and arrived and self.forced in (None, 5, 6, 7, 8)

    def found(self, now: float) -> bool:
        """Whether query, update and stop know it."""
        return self.phase not in (Phase.MOVING, Phase.EXITING, Phase.GONE) and now < self.api_until

    def status(self, now: float) -> int:
        """The number that a query answers."""
        if self.forced is not None and self.phase in _FORCIBLE:
            return self.forced
        elapsed, timing = now - self.since, self.timing
        match self.phase:
            case Phase.STARTING:
                return bisect_right((timing.initialised, timing.starting, timing.partly_ready), elapsed)
            case Phase.IN_CHANNEL:
                return 5 if self.stored(now) else 4
            case Phase.LEAVING:
                return 6 + bisect_right((timing.stopping, timing.stopping + timing.stopped), elapsed)
            case Phase.CRASHED:
                return 20
            case _:
                return 3

    def files(self, now: float) -> list[dict[str, object]]:
        """The files that a query names, once there are any."""
        return self.all_files(now) if self.stored(now) else []

    def all_files(self, now: float) -> list[dict[str, object]]:
        """The files of its newest part, wherever they are."""
        if self.part.began is None:
            return []
        began = int(self.wall(self.part.began))
        mp4s = mp4_count(self.heard(now), self.timing.mp4_length) if "mp4" in file_types(self.request) else 0
        return file_list(self, sorted(self.part.streams), began, mp4s)

    def wall(self, moment: float) -> float:
        """Unix time of a moment of the simulator's monotonic clock."""
        return self.started_wall + moment - self.started_at
