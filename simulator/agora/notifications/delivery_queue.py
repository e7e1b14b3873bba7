"""Notices on their way to the webhook: in order, or doubled, late, lost, shuffled, forged where a test wants it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from simulator.agora.notifications.notification import Notice
from simulator.agora.timing import Clock, Timing

WAITING, ANSWERED, GIVEN_UP, LOST = "waiting", "answered", "given up", "lost"
_WAITS = (0.0, 1.0, 3.0)
"""Before each repeat, in units of `notice_retry`; the first one comes at once, as the documentation says."""
ANYWHERE = "*"


@dataclass(frozen=True)
class NoticeRule:
    """What becomes of notices; nothing is usual."""

    double: bool = False
    delay: float = 0.0
    lost: bool = False
    reorder: bool = False
    forged: bool = False
    window: float = 0.5


@dataclass
class Delivery:
    """One notice on its way; one that comes twice is another delivery."""

    number: int
    notice: dict[str, object]
    """The JSON, as last posted."""
    outcome: str = WAITING
    """`waiting`, `answered` (200 in time), `given up`, `lost` (on purpose)."""
    status: int | None = None
    """What was answered to the last try; None where nothing was."""
    answer: str = ""
    tries: int = 0
    at: float | None = None
    """When it was first tried, Unix time."""
    last_at: float | None = None
    forged: bool = False
    reorder: bool = False
    due: float = 0.0
    source: Notice | None = field(default=None, repr=False)

    def concerns(self, event: int | None, channel: str | None) -> bool:
        """Whether it is of that kind, about a recorder in that channel."""
        known = self.source
        return known is not None and event in (None, known.event) and channel in (None, known.channel)

    @property
    def lane(self) -> str:
        """Those of one recorder go one after the other."""
        return self.source.sid if self.source else ""


@dataclass
class Deliveries:
    """Every notice ever; whoever uses it holds the simulator's lock."""

    clock: Clock
    timing: Timing
    new_id: Callable[[int], str]
    shuffle: random.Random
    rules: dict[tuple[str, int | None], NoticeRule] = field(default_factory=dict)
    """By channel or `*`, and event or None: the most particular one counts."""
    _all: list[Delivery] = field(default_factory=list)
    _waiting: list[Delivery] = field(default_factory=list)
    _busy: set[str] = field(default_factory=set)
    _windows: dict[NoticeRule, float] = field(default_factory=dict)

    def send(self, notice: Notice, now: float) -> None:
        """Send a notice as the rules want it."""
        keys = [(channel, event) for channel in (notice.channel, ANYWHERE) for event in (notice.event, None)]
        rule = next((self.rules[key] for key in keys if key in self.rules), NoticeRule())
        self.add(notice, self._due(rule, now), rule)
        if rule.double and not rule.lost:
            self.add(notice, self._due(rule, now), rule)
            self.add(replace(notice, id=self.new_id(notice.event)), self._due(rule, now), rule)

    def add(self, notice: Notice, due: float, rule: NoticeRule) -> Delivery:
        """One delivery more."""
        made = Delivery(
            len(self._all) + 1,
            notice.message(self.clock.wall()),
            LOST if rule.lost else WAITING,
            forged=rule.forged,
            reorder=rule.reorder,
            due=due,
            source=notice,
        )
        self._all.append(made)
        if not rule.lost:
            self._waiting.append(made)
        return made

    def _due(self, rule: NoticeRule, now: float) -> float:
        if not rule.reorder:
            return now + rule.delay
        if self._windows.get(rule, now) <= now:
            self._windows[rule] = now + rule.window
        return self._windows[rule] + rule.delay

    def ready(self, now: float) -> list[list[Delivery]]:
        """Those that are due, by recorder; theirs are `free`d when they have been tried."""
        due = [each for each in self._waiting if each.due <= now and each.lane not in self._busy]
        due.sort(key=lambda each: (each.due, each.number))
        lanes: dict[str, list[Delivery]] = {}
        for each in self._mixed(due):
            lanes.setdefault(each.lane, []).append(each)
        self._busy |= lanes.keys()
        return list(lanes.values())

    def _mixed(self, due: list[Delivery]) -> list[Delivery]:
        kept = [each for each in due if not each.reorder]
        mixed = [each for each in due if each.reorder]
        self.shuffle.shuffle(mixed)
        if mixed == sorted(mixed, key=lambda each: each.number):
            mixed.reverse()  # by chance in order: that would test nothing
        return kept + mixed

    def tried(self, delivery: Delivery, status: int | None, answer: str, now: float) -> None:
        """What came of a try."""
        delivery.status, delivery.answer = status, answer
        wall = self.clock.wall()
        delivery.tries, delivery.at, delivery.last_at = delivery.tries + 1, delivery.at or wall, wall
        if status == 200:
            delivery.outcome = ANSWERED
        elif delivery.tries > len(_WAITS):
            delivery.outcome = GIVEN_UP
        else:
            delivery.due = now + _WAITS[delivery.tries - 1] * self.timing.notice_retry
            return
        self._waiting = [each for each in self._waiting if each is not delivery]

    def free(self, lane: str) -> None:
        """That recorder's next notices can go."""
        self._busy.discard(lane)

    def pending(self, now: float) -> bool:
        """Whether anything is due, or under way."""
        return bool(self._busy) or any(each.due <= now for each in self._waiting)

    def log(self, event: int | None, channel: str | None) -> list[Delivery]:
        """Copies of those that fit, in the order in which they came to be."""
        return [replace(each) for each in self._all if each.concerns(event, channel)]

    def forget(self) -> None:
        """Those, and every rule."""
        for store in (self._all, self._waiting, self._busy, self._windows, self.rules):
            store.clear()
