"""The hands of a test: people come and go, recorders die, faults are laid, and everything can be looked at."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Self, TypeVar

from simulator.agora.http.answers import Answer
from simulator.agora.http.app import Exchange
from simulator.agora.http.faults import Fault, make_answer
from simulator.agora.http.request_log import PENDING, Seen
from simulator.agora.options import Account
from simulator.agora.state.agora_state import World
from simulator.agora.state.channels import Person, Uid
from simulator.agora.state.recorder import Phase, Recorder
from simulator.agora.state.views import RUNNING, RecorderView, view

_POLL = 0.05
"""Time itself changes states and notifies nobody: a wait looks again that often."""
T = TypeVar("T")


class Stage:
    """The control API, as Python methods; each is one atomic change."""

    def __init__(self, world: World, account: Account) -> None:
        self._changed = threading.Condition()
        self._world = world
        self._exchange = Exchange(world, account, self._changed)

    @contextmanager
    def _changing(self) -> Iterator[float]:
        with self._changed:
            yield self._world.settle()
            self._changed.notify_all()

    # People

    def join(self, channel: str, uid: Uid, *, audio: bool = True, video: bool = True, role: str = "host") -> bool:
        """Somebody joins, publishing what is switched on; False where a kicking rule forbids it."""
        with self._changing() as now:
            return self._world.join(channel, Person(uid, audio, video, role), now)

    def leave(self, channel: str, uid: Uid | None = None) -> None:
        """Somebody leaves; without a uid, everybody."""
        with self._changing() as now:
            self._world.leave(channel, None if uid is None else [uid], now)

    def publish(self, channel: str, uid: Uid, *, audio: bool | None = None, video: bool | None = None) -> None:
        """Somebody switches microphone or camera."""
        with self._changing() as now:
            self._world.channel(channel).publish(uid, audio, video)
            self._world.look(channel, now)

    def set_profile(self, channel: str, profile: str) -> None:
        """`communication` or `live`: what the people's own SDK uses there."""
        with self._changing() as now:
            self._world.set_profile(channel, profile, now)

    def encrypt(self, channel: str, mode: int = 0, secret: str = "") -> None:
        """The people's own SDK encrypts there; a recorder without the same mode and secret gets nothing."""
        with self._changing() as now:
            self._world.channel(channel).encryption = (mode, secret)
            self._world.look(channel, now)

    def people(self, channel: str) -> list[Person]:
        """Who is there, recorders apart."""
        with self._changing():
            return list(self._world.channel(channel).people.values())

    # Recorders; `target` is a sid, or a channel: its newest recorder

    def _ending(self, target: str, reason: str, phase: Phase) -> RecorderView:
        with self._changing() as now:
            recorder = self._world.pick(target)
            if not recorder.alive:
                raise LookupError("this recorder is gone")
            recorder.leave(now, reason, phase)
            return view(recorder, now)

    def kill(self, target: str) -> RecorderView:
        """It dies without a word: 404 from now on."""
        return self._ending(target, "killed", Phase.GONE)

    def crash(self, target: str) -> RecorderView:
        """It ends abnormally: status 20 for a while, then 404."""
        return self._ending(target, "crashed", Phase.CRASHED)

    def console_stop(self, target: str) -> RecorderView:
        """Somebody stops it elsewhere: 6, 7, 8, then 404."""
        return self._ending(target, "console", Phase.LEAVING)

    def throw_out(self, target: str) -> RecorderView:
        """Somebody throws it out of the channel."""
        return self._ending(target, "thrown_out", Phase.LEAVING if self._world.report_exits else Phase.EXITING)

    def move(self, target: str, duration: float | None = None) -> RecorderView:
        """Agora moves it to another server: not found for that long, then it has another uid in the channel."""
        with self._changing() as now:
            recorder = self._world.pick(target)
            self._world.move(recorder, now, duration)
            return view(recorder, now)

    def expire(self, target: str) -> RecorderView:
        """`resourceExpiredHour` is over: it goes on, and query, update and stop answer 404."""
        with self._changing() as now:
            recorder = self._world.pick(target)
            recorder.api_until = now
            return view(recorder, now)

    def expire_token(self, target: str) -> RecorderView:
        """Its token expires: it is thrown out of the channel."""
        with self._changing() as now:
            recorder = self._world.pick(target)
            recorder.token_until = now
            self._world.settle()
            return view(recorder, now)

    def force_status(self, target: str, status: int | None) -> RecorderView:
        """Queries answer that status, until it ends or another is forced; None: its own again."""
        with self._changing() as now:
            recorder = self._world.pick(target)
            recorder.forced = status
            self._world.look(recorder.channel, now)
            return view(recorder, now)

    def force_new(self, channel: str, status: int | None) -> None:
        """Every recorder started there from now on shows that status (`*`: anywhere); None: no longer."""
        with self._changing():
            self._world.force_new(channel, status)

    # Faults

    def fault(
        self,
        operation: str = "*",
        *,
        answer: str | Answer | None = None,
        status: int | None = None,
        body: object = None,
        headers: dict[str, str] | None = None,
        processed: bool = False,
        delay: float = 0.0,
        delay_after: float = 0.0,
        lost: str | None = None,
        hang: str | None = None,
        times: int | None = 1,
        skip: int = 0,
        channel: str | None = None,
        sid: str | None = None,
        uid: str | int | None = None,
        base: int | None = None,
    ) -> int:
        """Lay a fault for the next fitting requests; its number.

        answer: a name of ANSWERS or an Answer (or status, body, headers) instead of Agora's own; the
        request is only carried out with `processed`. lost: `request` (the connection is closed and
        nothing done) or `answer` (done, and the connection closed). hang: the same, but the connection
        stays open and silent until the fault is cleared. delay, delay_after: seconds before, after it
        is carried out. times: None until cleared.
        """
        with self._changing():
            made = self._exchange.faults.add(
                operation=operation,
                answer=make_answer(answer, status, body, headers),
                processed=processed,
                delay=delay,
                delay_after=delay_after,
                lost=lost,
                hang=hang,
                times=times,
                skip=skip,
                channel=channel,
                sid=sid,
                uid=None if uid is None else str(uid),
                base=base,
            )
            return made.number

    def clear_faults(self, number: int | None = None) -> None:
        """End one fault, or all."""
        with self._changing():
            self._exchange.faults.clear(number)

    def faults(self) -> list[Fault]:
        """Every fault ever laid, with how often it was met."""
        with self._changing():
            return self._exchange.faults.all()

    # The account

    def allow(self, per_second: int) -> None:
        """So many requests a second are taken from now on."""
        with self._changing():
            self._exchange.allow(per_second)

    # Looking

    def requests(
        self, operation: str | None = None, *, channel: str | None = None, sid: str | None = None
    ) -> list[Seen]:
        """Every request so far that fits, the oldest first."""
        with self._changing():
            return self._exchange.journal.requests(operation, channel, sid)

    def in_flight(self, operation: str | None = None) -> list[Seen]:
        """Requests that have arrived and are not answered."""
        return [seen for seen in self.requests(operation) if seen.outcome == PENDING]

    def busiest_second(self, operation: str | None = None) -> int:
        """The largest number of requests that arrived within any second."""
        with self._changing():
            return self._exchange.journal.busiest_second(operation)

    def recorders(self, channel: str | None = None) -> list[RecorderView]:
        """Every recorder ever, the oldest first."""
        with self._changing() as now:
            every = self._world.recorders.values()
            return [view(each, now) for each in every if channel in (None, each.channel)]

    def running(self, channel: str | None = None) -> list[RecorderView]:
        """Those that run now: they would cost money."""
        return [each for each in self.recorders(channel) if each.running]

    def recorder(self, target: str) -> RecorderView:
        """One recorder; also one that is over."""
        with self._changing() as now:
            return view(self._pick_any(target), now)

    def _pick_any(self, target: str) -> Recorder:
        ever = [each for each in self._world.recorders.values() if target in (each.sid, each.channel)]
        running = [each for each in ever if each.phase in RUNNING]
        if not ever:
            raise LookupError(f"no recorder with sid or in channel {target!r}")
        return (running or ever)[-1]

    def wait_for(self, predicate: Callable[[Self], T], timeout: float = 5.0) -> T:
        """What the predicate answers as soon as it is true (a LookupError is not yet); else TimeoutError."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            with suppress(LookupError):
                if found := predicate(self):  # without the lock: it may well make requests
                    return found
            with self._changed:
                self._changed.wait(min(left, _POLL))
        raise TimeoutError(f"not within {timeout} s")

    def reset(self) -> None:
        """Forget people, recorders, rules, requests and faults."""
        with self._changing():
            self._exchange.faults.clear()
            self._exchange.journal.clear()
            self._world.reset()
