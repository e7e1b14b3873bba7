"""What a recorder hears, and the slices that it cuts it into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from simulator.agora.state.file_names import Stream

SHORTEST = 0.2
"""Less than that makes no slice."""


@dataclass
class Span:
    """From when a stream is there until it is not, by the simulator's monotonic clock."""

    began: float
    ended: float | None = None

    def until(self, now: float) -> float:
        """When it ended, or now."""
        return now if self.ended is None else self.ended


@dataclass(frozen=True)
class Slice:
    """A piece of a tape that is a file of its own; its times are whole tenths of a second."""

    began: float
    """By the simulator's monotonic clock."""
    offset: float
    """Seconds of media before it."""
    seconds: float
    fresh: bool
    """Whether it is the first since the stream started or came back."""


@dataclass
class Tape:
    """One stream, or everybody together."""

    spans: list[Span] = field(default_factory=list)

    @property
    def running(self) -> bool:
        """Whether there is something to hear now."""
        return bool(self.spans) and self.spans[-1].ended is None

    def switch(self, now: float, on: bool) -> None:
        """It is there, or is not, from now on."""
        if on and not self.running:
            self.spans.append(Span(now))
        elif self.running and not on:
            self.spans[-1].ended = now

    def seconds(self, now: float) -> float:
        """How much of it there is."""
        return sum(span.until(now) - span.began for span in self.spans)

    def slices(self, now: float, first: float, each: float, *, tail: bool) -> list[Slice]:
        """Its slices so far; `tail`: the last one too, though it is shorter than the others."""
        cut = list(self._cut(now, min(first, each), each))
        last = self.spans[-1] if self.spans else Span(now)
        if cut and not tail and cut[-1][0].began >= last.began and cut[-1][1] > last.until(now):
            cut.pop()
        return [piece for piece, _ in cut if piece.seconds >= SHORTEST]

    def full_at(self, now: float, first: float, each: float) -> float:
        """When the slice that is being recorded will be as long as it may be (or earlier, for one that just began)."""
        if self.spans[-1].began >= now:
            return self.spans[-1].began + min(first, each)
        *_, (_, full) = self._cut(now, min(first, each), each)
        return full if full > now else full + each

    def _cut(self, now: float, first: float, each: float) -> Iterator[tuple[Slice, float]]:
        """Every piece, and when it is as long as it may be."""
        heard, length = 0.0, first
        for span in self.spans:
            at, end = span.began, span.until(now)
            while at < end:
                full = at + length
                until = min(full, end)
                offset = round(heard, 1)
                seconds = round(round(heard + until - at, 1) - offset, 1)
                yield Slice(at, offset, seconds, at == span.began), full
                heard, at, length = heard + until - at, until, each


@dataclass
class Part:
    """What one server records: until the recorder ends, or another server takes over."""

    number: int = 0
    """How many servers there were before."""
    whole: Tape = field(default_factory=Tape)
    streams: dict[Stream, Tape] = field(default_factory=dict)
    flushed: bool = False
    """The slice in hand was stored on leaving; otherwise it is lost."""
    brought: bool = False
    """Something of it was uploaded (where there is a bucket)."""

    def hear(self, now: float, streams: Set[Stream]) -> None:
        """What there is to record, from now on."""
        self.whole.switch(now, bool(streams))
        for stream in {*self.streams, *streams}:
            self.streams.setdefault(stream, Tape()).switch(now, stream in streams)

    @property
    def tapes(self) -> list[Tape]:
        """That of everybody together, and everybody's own."""
        return [self.whole, *self.streams.values()]

    @property
    def hearing(self) -> set[Stream]:
        """The streams that are there now."""
        return {stream for stream, tape in self.streams.items() if tape.running}

    @property
    def began(self) -> float | None:
        """When its first stream came."""
        return self.whole.spans[0].began if self.whole.spans else None


def broke_off(tapes: Sequence[Tape], first: float, each: float) -> float | None:
    """When the slice before the one that has just begun ended; None where there was none.

    The tapes are one stream's, on one server after the other. What a server had in hand when it failed is lost.
    """
    *before, last = tapes
    if last.spans[1:]:
        return last.spans[-2].ended
    for tape in reversed([tape for tape in before if tape.spans]):
        end = tape.spans[-1].until(last.spans[0].began)
        whole = tape.slices(end, first, each, tail=False)
        return whole[-1].began + whole[-1].seconds if whole else tape.spans[0].began
    return None
