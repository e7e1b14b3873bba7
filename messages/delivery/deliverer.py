"""The worker that delivers rows to Slack.

A row is due until Slack has taken it or has refused it for good. Another kind of row needs a `DeliveryKind` of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from recordings.errors import SlackBusy, SlackRefused

_Job = TypeVar("_Job")
_LARGEST_EXPONENT = 32
"""Every back-off has reached its longest wait before; a larger power would not fit into a float."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double with each try, in seconds."""

    first: float
    longest: float

    def wait(self, tries: int, error: SlackBusy) -> timedelta:
        """The wait after this number of failed tries, and never less than Slack asks for."""
        doubled = self.first * 2.0 ** min(tries, _LARGEST_EXPONENT)
        return timedelta(seconds=max(min(doubled, self.longest), error.retry_after or 0))


class DeliveryKind(Protocol[_Job]):
    """One kind of row: which rows wait, how to send one, and how to save the result.

    A key names a row. Methods with an `epoch` write to the database and are fenced by it.
    """

    @property
    def name(self) -> str:
        """The name of this work, which is also a label of the metrics."""

    def due(self) -> Sequence[tuple[str, datetime]]:
        """Keys of the rows that may be sent next, with the time from which each may be."""

    def get(self, key: str, /) -> _Job | None:
        """The row; None if it is delivered or may not be sent yet."""

    def send(self, job: _Job, /) -> str:
        """Sends the row and returns the `ts` of its message, or "". Raises `SlackBusy` or `SlackRefused`."""

    def wait(self, job: _Job, error: SlackBusy, /) -> timedelta:
        """How long to wait before the next try."""

    def mark_delivered(self, job: _Job, ts: str, epoch: int, /) -> None: ...
    def defer(self, job: _Job, wait: timedelta, error: SlackBusy, epoch: int, /) -> None: ...

    def refused(self, job: _Job, error: SlackRefused, epoch: int, /) -> None:
        """Slack will never take the row like this: drop it, or send it another way."""


@dataclass(frozen=True, slots=True)
class Deliverer(Generic[_Job]):
    """A worker of the engine that delivers one kind of row."""

    kind: DeliveryKind[_Job]

    @property
    def name(self) -> str:
        return self.kind.name

    def due(self) -> Sequence[tuple[str, datetime]]:
        return self.kind.due()

    def run(self, key: str, epoch: int) -> None:
        job = self.kind.get(key)
        if job is None:
            return
        try:
            ts = self.kind.send(job)
        except SlackBusy as error:
            self.kind.defer(job, self.kind.wait(job, error), error, epoch)
        except SlackRefused as error:
            self.kind.refused(job, error, epoch)
        else:
            self.kind.mark_delivered(job, ts, epoch)
