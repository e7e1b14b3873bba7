"""One recorder: how it changes as time passes and as people come and go."""

from __future__ import annotations

import enum
from bisect import bisect_right
from collections.abc import Callable, Set
from dataclasses import dataclass, field

from simulator.agora.fields import Fields, file_types, section
from simulator.agora.state.file_names import Stream, file_list, mp4_count
from simulator.agora.state.media import ServerMedia
from simulator.agora.timing import Timing


class Phase(enum.Enum):
    """The stages of a recorder's life."""

    STARTING = "starting"
    SHUT_OUT = "shut out"
    """It can't join: its token is bad, or it is banned."""
    IN_CHANNEL = "in channel"
    MOVING = "moving"
    LEAVING = "leaving"
    """Statuses 6, 7, 8."""
    CRASHED = "crashed"
    """Status 20."""
    EXITING = "exiting"
    """It left by itself: queries answer 404, and a stop is still refused because it is leaving."""
    GONE = "gone"


class RecorderChange(enum.Enum):
    """What a recorder reports to its listener at once."""

    STREAMS = "streams"
    """It is in the channel; the streams that it receives may have changed."""
    MOVED = "moved"
    LEFT = "left"
    UPLOAD_FAILED = "upload failed"
    """The first failure after a success."""


RecorderListener = Callable[["Recorder", RecorderChange, float], None]

RUNNING = (Phase.STARTING, Phase.SHUT_OUT, Phase.IN_CHANNEL, Phase.MOVING)
"""Phases in which a recorder costs money."""
_FORCIBLE = (Phase.STARTING, Phase.SHUT_OUT, Phase.IN_CHANNEL)


@dataclass
class Recorder:
    """A task at Agora, from its start until it is gone."""

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
    """Whether its files go to a bucket; a file is stored then if it has arrived there."""
    phase: Phase = Phase.STARTING
    since: float = 0.0
    channel_uid: int = 0
    """The uid that it has in the channel now."""
    moves: int = 0
    next_uid: int | None = None
    forced: int | None = None
    """The status that queries answer instead of its own."""
    ended_by: str | None = None
    ended_at: float | None = None
    recorded: bool = False
    servers: list[ServerMedia] = field(default_factory=lambda: [ServerMedia()])
    """The media of each server that ran it, the newest last."""
    uploaded: dict[str, object] = field(default_factory=dict)
    """Uploaded content by key."""
    upload_failed: bool = False
    """Whether the last upload failed."""
    storage_wrong: bool = False
    """Whether it failed because its storageConfig is wrong."""
    restored_at: float | None = None
    """Unix time from which on Agora's backup sends its files."""
    layout: Fields = field(default_factory=dict)
    """The layout settings of its start, or of the last `updateLayout`."""
    listener: RecorderListener | None = field(default=None, repr=False)
    _empty_since: float | None = None
    _move_lasts: float = 0.0

    def __post_init__(self) -> None:
        self.since = self.started_at
        self.channel_uid = self.uid

    @property
    def media(self) -> ServerMedia:
        """The media of its present server."""
        return self.servers[-1]

    @property
    def alive(self) -> bool:
        """Whether Agora still knows it in any way."""
        return self.phase is not Phase.GONE

    @property
    def running(self) -> bool:
        """Whether it costs money."""
        return self.phase in RUNNING

    @property
    def in_channel(self) -> bool:
        """Whether it is one of the channel's users."""
        return self.phase is Phase.IN_CHANNEL and self.forced in (None, 4, 5)

    @property
    def idle_time(self) -> float:
        """Seconds without people after which it leaves."""
        seconds = section(self.request, "recordingConfig").get("maxIdleTime", 30)
        return self.timing.idle if self.timing.idle is not None else float(str(seconds)) * self.timing.idle_scale

    # Changes

    def enter(self, now: float) -> None:
        """It joins the channel (for the first time, or after a move)."""
        self.phase, self.since = Phase.IN_CHANNEL, now
        if self.next_uid is not None:
            self.channel_uid, self.next_uid = self.next_uid, None

    def set_streams(self, now: float, streams: Set[Stream], *, empty: bool) -> None:
        """The streams that it receives from now on; `empty`: the channel has nobody in it."""
        self.media.set_streams(now, streams)
        self.recorded = self.recorded or bool(streams)
        if not empty:
            self._empty_since = None
        elif self._empty_since is None:
            self._empty_since = now
        self._report(RecorderChange.STREAMS, now)

    def move(self, now: float, uid: int, duration: float) -> None:
        """Its server fails: another one takes over after that long, under another uid."""
        self._leave_channel(now)
        self.phase, self.since, self.next_uid = Phase.MOVING, now, uid
        self._move_lasts = duration
        self.moves += 1
        self.servers.append(ServerMedia(self.moves))
        self._report(RecorderChange.MOVED, now)

    def leave(self, now: float, reason: str, phase: Phase = Phase.LEAVING) -> None:
        """It ends for that reason; `phase` is its next one."""
        first = self.ended_by is None
        if first:
            self.ended_by, self.ended_at = reason, now
            self._leave_channel(now)
            self.media.flushed = phase in (Phase.LEAVING, Phase.EXITING)
            if self.forced is not None and self.forced < 5:
                self.servers = [ServerMedia(self.moves)]  # with that status it has not begun to record
        self.phase, self.since, self.forced = phase, now, None
        if first:
            self._report(RecorderChange.LEFT, now)

    def mark_upload_failed(self, now: float, *, storage_wrong: bool) -> None:
        """The bucket has refused a file, or did not answer."""
        first, self.upload_failed, self.storage_wrong = not self.upload_failed, True, storage_wrong
        if first:
            self._report(RecorderChange.UPLOAD_FAILED, now)

    def _report(self, change: RecorderChange, now: float) -> None:
        if self.listener is not None:
            self.listener(self, change, now)

    def _leave_channel(self, now: float) -> None:
        self.media.set_streams(now, set())
        self._empty_since = None

    # Time

    def due(self) -> float | None:
        """When it next changes by itself; None if it does not."""
        timing = self.timing
        match self.phase:
            case Phase.STARTING:
                return self.since + timing.ready
            case Phase.IN_CHANNEL:
                leaves = [moment for moment in (self.token_until, self.idle_until) if moment is not None]
                return min(leaves, default=None)
            case Phase.SHUT_OUT:
                return self.since + timing.join_given_up
            case Phase.MOVING:
                return self.since + self._move_lasts
            case Phase.LEAVING:
                return self.since + timing.stopping + timing.stopped + timing.exiting
            case Phase.CRASHED:
                return self.since + timing.crash_shown
            case Phase.EXITING:
                return self.since + timing.exit_lingers
            case Phase.GONE:
                return None

    @property
    def idle_until(self) -> float | None:
        """When it leaves an empty channel."""
        return None if self._empty_since is None or self.mode == "web" else self._empty_since + self.idle_time

    # What requests see

    def media_seconds(self, now: float) -> float:
        """Seconds of media that its present server has recorded."""
        return self.media.mix.seconds(now)

    def has_stored(self, now: float) -> bool:
        """Whether its present server has a file in the bucket."""
        media = self.media
        enough = media.flushed or self.media_seconds(now) >= self.timing.first_slice
        arrived = media.uploaded or (media.flushed and not self.upload_failed) if self.uploads else self.storage_works
        return media.began is not None and enough and arrived and self.forced in (None, 5, 6, 7, 8)

    def is_found(self, now: float) -> bool:
        """Whether query, update and stop find it."""
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
                return 5 if self.has_stored(now) else 4
            case Phase.LEAVING:
                return 6 + bisect_right((timing.stopping, timing.stopping + timing.stopped), elapsed)
            case Phase.CRASHED:
                return 20
            case _:
                return 3

    def files(self, now: float) -> list[dict[str, object]]:
        """The files that a query names, once there are any."""
        return self.all_files(now) if self.has_stored(now) else []

    def all_files(self, now: float) -> list[dict[str, object]]:
        """The files of its present server, stored or not."""
        if self.media.began is None:
            return []
        began = int(self.wall(self.media.began))
        mp4s = mp4_count(self.media_seconds(now), self.timing.mp4_length) if "mp4" in file_types(self.request) else 0
        return file_list(self, sorted(self.media.streams), began, mp4s)

    def wall(self, moment: float) -> float:
        """Unix time of a moment of the simulator's monotonic clock."""
        return self.started_wall + moment - self.started_at
