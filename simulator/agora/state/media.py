"""The media that a recorder receives, and the slices that it cuts them into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from simulator.agora.state.file_names import Stream

SHORTEST = 0.2
"""Seconds; less media than that makes no slice."""


@dataclass
class Span:
    """An interval in which a stream is published, by the simulator's monotonic clock."""

    began: float
    ended: float | None = None

    def until(self, now: float) -> float:
        """When it ended, or now."""
        return now if self.ended is None else self.ended


@dataclass(frozen=True)
class Slice:
    """A piece of a track that is a file of its own; its times are whole tenths of a second."""

    began: float
    """By the simulator's monotonic clock."""
    offset: float
    """Seconds of media before it."""
    seconds: float
    after_gap: bool
    """Whether it is the first since the stream started or came back."""


@dataclass
class Track:
    """One stream, or the mix of all streams."""

    spans: list[Span] = field(default_factory=list)

    @property
    def running(self) -> bool:
        """Whether the stream is published now."""
        return bool(self.spans) and self.spans[-1].ended is None

    def switch(self, now: float, on: bool) -> None:
        """The stream is published, or is not, from now on."""
        if on and not self.running:
            self.spans.append(Span(now))
        elif self.running and not on:
            self.spans[-1].ended = now

    def seconds(self, now: float) -> float:
        """Seconds of media so far."""
        return sum(span.until(now) - span.began for span in self.spans)

    def slices(self, now: float, first: float, length: float, *, tail: bool) -> list[Slice]:
        """The slices so far; `tail`: the last one too, although it is shorter than the others."""
        cut = list(self._cut(now, min(first, length), length))
        last = self.spans[-1] if self.spans else Span(now)
        if cut and not tail and cut[-1][0].began >= last.began and cut[-1][1] > last.until(now):
            cut.pop()
        return [piece for piece, _ in cut if piece.seconds >= SHORTEST]

    def full_at(self, now: float, first: float, length: float) -> float:
        """When the slice that is being recorded reaches its full length (or earlier, if it has just begun)."""
        if self.spans[-1].began >= now:
            return self.spans[-1].began + min(first, length)
        *_, (_, full) = self._cut(now, min(first, length), length)
        return full if full > now else full + length

    def _cut(self, now: float, first: float, length: float) -> Iterator[tuple[Slice, float]]:
        """Every piece, and when it reaches its full length."""
        before, due = 0.0, first
        for span in self.spans:
            at, end = span.began, span.until(now)
            while at < end:
                full = at + due
                until = min(full, end)
                offset = round(before, 1)
                seconds = round(round(before + until - at, 1) - offset, 1)
                yield Slice(at, offset, seconds, at == span.began), full
                before, at, due = before + until - at, until, length


@dataclass
class ServerMedia:
    """The media that one server recorded, until the recorder ended or another server took over."""

    number: int = 0
    """Number of servers before this one."""
    mix: Track = field(default_factory=Track)
    """All streams together."""
    streams: dict[Stream, Track] = field(default_factory=dict)
    flushed: bool = False
    """Whether the server stored its unfinished slice on leaving; otherwise that slice is lost."""
    uploaded: bool = False
    """Whether some of it was uploaded (if there is a bucket)."""

    def set_streams(self, now: float, streams: Set[Stream]) -> None:
        """The streams that the server receives from now on."""
        self.mix.switch(now, bool(streams))
        for stream in {*self.streams, *streams}:
            self.streams.setdefault(stream, Track()).switch(now, stream in streams)

    @property
    def tracks(self) -> list[Track]:
        """The mix, and the track of each stream."""
        return [self.mix, *self.streams.values()]

    @property
    def received(self) -> set[Stream]:
        """The streams that are published now."""
        return {stream for stream, track in self.streams.items() if track.running}

    @property
    def began(self) -> float | None:
        """When its first stream started."""
        return self.mix.spans[0].began if self.mix.spans else None


def previous_end(tracks: Sequence[Track], first: float, length: float) -> float | None:
    """When the slice before the newest one ended; None if there was none.

    The tracks are those of one stream, one for each server in turn. A server that fails loses its unfinished slice.
    """
    *before, last = tracks
    if last.spans[1:]:
        return last.spans[-2].ended
    for track in reversed([track for track in before if track.spans]):
        end = track.spans[-1].until(last.spans[0].began)
        complete = track.slices(end, first, length, tail=False)
        return complete[-1].began + complete[-1].seconds if complete else track.spans[0].began
    return None
