"""Notifications on their way to the webhook: in order, or doubled, late, lost, shuffled, forged by a rule."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypedDict

from simulator.agora.notifications.notification import Notification
from simulator.agora.timing import Timing
from simulator.clock import Clock

WAITING, ANSWERED, GIVEN_UP, LOST = "waiting", "answered", "given up", "lost"
_WAITS = (0.0, 1.0, 3.0)
"""Before each repeat, in units of `webhook_retry`; the first repeat comes at once, as the documentation says."""
ANYWHERE = "*"


class DeliveryOptions(TypedDict, total=False):
    """How notifications are delivered."""

    double: bool
    """It comes three times: twice with one noticeId, and once with another and the same sequence."""
    delay: float
    """Seconds later."""
    lost: bool
    """Never."""
    reorder: bool
    """The notifications that are due within `window` seconds come together, in a wrong order."""
    window: float
    forged: bool
    """With wrong signatures."""


@dataclass(frozen=True)
class DeliveryRule:
    """How notifications are delivered; the defaults are the normal way."""

    double: bool = False
    delay: float = 0.0
    lost: bool = False
    reorder: bool = False
    forged: bool = False
    window: float = 0.5


@dataclass
class Delivery:
    """One notification on its way; a notification that comes twice has two deliveries."""

    number: int
    message: dict[str, object]
    """The JSON, as last posted."""
    outcome: str = WAITING
    """`waiting`, `answered` (200 in time), `given up`, `lost` (by a rule)."""
    status: int | None = None
    """HTTP status of the last try; None without an answer."""
    answer: str = ""
    tries: int = 0
    at: float | None = None
    """When it was first tried, Unix time."""
    last_at: float | None = None
    forged: bool = False
    reorder: bool = False
    due: float = 0.0
    source: Notification | None = field(default=None, repr=False)

    def concerns(self, event: int | None, channel: str | None) -> bool:
        """Whether it is of that kind, and about a recorder in that channel."""
        source = self.source
        return source is not None and event in (None, source.event) and channel in (None, source.channel)

    @property
    def recorder(self) -> str:
        """The sid; deliveries of one recorder go one after the other."""
        return self.source.sid if self.source else ""


@dataclass
class DeliveryQueue:
    """Every delivery ever. Callers hold the simulator's lock."""

    clock: Clock
    timing: Timing
    new_id: Callable[[int], str]
    shuffle: random.Random
    rules: dict[tuple[str, int | None], DeliveryRule] = field(default_factory=dict)
    """By channel or `*`, and event or None; the most specific rule counts."""
    _all: list[Delivery] = field(default_factory=list)
    _waiting: list[Delivery] = field(default_factory=list)
    _busy: set[str] = field(default_factory=set)
    _windows: dict[DeliveryRule, float] = field(default_factory=dict)

    def send(self, notification: Notification, now: float) -> None:
        """Deliver a notification by the rules."""
        keys = [
            (channel, event) for channel in (notification.channel, ANYWHERE) for event in (notification.event, None)
        ]
        rule = next((self.rules[key] for key in keys if key in self.rules), DeliveryRule())
        self.add(notification, self._due(rule, now), rule)
        if rule.double and not rule.lost:
            self.add(notification, self._due(rule, now), rule)
            self.add(replace(notification, id=self.new_id(notification.event)), self._due(rule, now), rule)

    def add(self, notification: Notification, due: float, rule: DeliveryRule) -> Delivery:
        """Add one delivery."""
        made = Delivery(
            len(self._all) + 1,
            notification.message(self.clock.wall()),
            LOST if rule.lost else WAITING,
            forged=rule.forged,
            reorder=rule.reorder,
            due=due,
            source=notification,
        )
        self._all.append(made)
        if not rule.lost:
            self._waiting.append(made)
        return made

    def _due(self, rule: DeliveryRule, now: float) -> float:
        if not rule.reorder:
            return now + rule.delay
        if self._windows.get(rule, now) <= now:
            self._windows[rule] = now + rule.window
        return self._windows[rule] + rule.delay

    def ready(self, now: float) -> list[list[Delivery]]:
        """The deliveries that are due, in one list for each recorder; the caller tries them, then calls `free`."""
        due = [each for each in self._waiting if each.due <= now and each.recorder not in self._busy]
        due.sort(key=lambda each: (each.due, each.number))
        batches: dict[str, list[Delivery]] = {}
        for each in self._shuffled(due):
            batches.setdefault(each.recorder, []).append(each)
        self._busy |= batches.keys()
        return list(batches.values())

    def _shuffled(self, due: list[Delivery]) -> list[Delivery]:
        kept = [each for each in due if not each.reorder]
        shuffled = [each for each in due if each.reorder]
        self.shuffle.shuffle(shuffled)
        if shuffled == sorted(shuffled, key=lambda each: each.number):
            shuffled.reverse()  # in order by chance: that would test nothing
        return kept + shuffled

    def record_try(self, delivery: Delivery, status: int | None, answer: str, now: float) -> None:
        """The result of one try."""
        delivery.status, delivery.answer = status, answer
        wall = self.clock.wall()
        delivery.tries, delivery.at, delivery.last_at = delivery.tries + 1, delivery.at or wall, wall
        if status == 200:
            delivery.outcome = ANSWERED
        elif delivery.tries > len(_WAITS):
            delivery.outcome = GIVEN_UP
        else:
            delivery.due = now + _WAITS[delivery.tries - 1] * self.timing.webhook_retry
            return
        self._waiting = [each for each in self._waiting if each is not delivery]

    def free(self, recorder: str) -> None:
        """The next notifications of that recorder can be tried."""
        self._busy.discard(recorder)

    def next_due(self) -> float | None:
        """When a delivery is due next."""
        return min((each.due for each in self._waiting), default=None)

    def pending(self, now: float) -> bool:
        """Whether a delivery is due or being tried."""
        return bool(self._busy) or any(each.due <= now for each in self._waiting)

    def log(self, event: int | None, channel: str | None) -> list[Delivery]:
        """Copies of the deliveries that match, the oldest first."""
        return [replace(each) for each in self._all if each.concerns(event, channel)]

    def reset(self) -> None:
        """Forget deliveries and rules."""
        for store in (self._all, self._waiting, self._busy, self._windows, self.rules):
            store.clear()
