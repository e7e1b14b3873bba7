"""The hands of a test, as far as notifications are concerned."""

from __future__ import annotations

import random
from urllib.parse import urlsplit

from simulator.agora.notifications.delivery_queue import ANYWHERE, Deliveries, Delivery, NoticeRule
from simulator.agora.notifications.event_source import Reporter
from simulator.agora.notifications.notification import KINDS
from simulator.agora.options import Account
from simulator.agora.stage import Stage
from simulator.agora.state.agora_state import World
from simulator.agora.webhook_sender import Postman

WEBHOOK_SECRET = "simulated-webhook-secret-7c1d9e"  # noqa: S105 - a test value, accepted by nobody else
LEAVE_BITS = 2 | 4 | 8 | 16


class Notifying(Stage):
    """Agora tells a webhook what becomes of its recorders; without a webhook nothing is told."""

    def __init__(self, world: World, account: Account, webhook: str | None, secret: str) -> None:
        super().__init__(world, account)
        self._reporter = Reporter(world)
        world.witness = self._reporter.saw
        shuffle = random.Random(world.seed)  # noqa: S311 - the order of deliveries, no secret
        self._deliveries = Deliveries(world.clock, world.timing, self._reporter.new_id, shuffle)
        self._postman = Postman(world, self._reporter, self._deliveries, self._changed)
        self._started = False
        self.notify(webhook, secret)

    def notify(self, url: str | None, secret: str | None = None, *, stop_code: int | None = None) -> None:
        """Tell that webhook from now on (None: nobody), signed with that secret (None: the one so far).

        stop_code: the leaveCode after a stop from now on: 2 (at first), 16, or 18.
        """
        if url is not None and (urlsplit(url).scheme != "http" or not urlsplit(url).hostname):
            raise ValueError("a webhook is http://host:port/path")
        if stop_code is not None and stop_code & ~LEAVE_BITS:
            raise ValueError("stop_code is made of 2, 4, 8 and 16")
        with self._changing() as now:
            self._postman.gather(now)  # what was before anybody listened is never told
            self._reporter.listening = url is not None
            self._reporter.stop_code = self._reporter.stop_code if stop_code is None else stop_code
            self._postman.url = url
            self._postman.secret = self._postman.secret if secret is None else secret
        self._attend()

    @property
    def webhook_secret(self) -> str:
        """What notices are signed with, also before there is a webhook (a bot has to know it first)."""
        return self._postman.secret

    def _attend(self) -> None:
        """Have the postman run while there is somebody to tell; not with the lock held, which he needs."""
        wanted = self._started and self._postman.url is not None
        if wanted and not self._postman.running:
            self._postman.start()
        elif self._postman.running and not wanted:
            self._postman.stop()

    def notices(
        self,
        channel: str = ANYWHERE,
        event: int | None = None,
        *,
        double: bool = False,
        delay: float = 0.0,
        lost: bool = False,
        reorder: bool = False,
        forged: bool = False,
        window: float = 0.5,
    ) -> None:
        """What becomes of notices from now on; of several calls the most particular counts (channel before event).

        double: comes three times, twice under one noticeId and once under another with the same sequence. delay:
        seconds later. lost: never. reorder: those that are due within `window` seconds come together, in a wrong
        order. forged: wrongly signed. Nothing of it: as usual again.
        """
        rule = NoticeRule(double, delay, lost, reorder, forged, window)
        with self._changing():
            self._deliveries.rules[channel, None if event is None else int(event)] = rule

    def send(
        self,
        target: str,
        event: int,
        *,
        channel: str | None = None,
        sid: str | None = None,
        uid: str | int | None = None,
        sequence: int | None = None,
        forged: bool = False,
        **details: object,
    ) -> str:
        """Send one notice now, whatever `notices` says; its noticeId.

        target: a sid or a channel, also of a recorder that is over; where there never was one, the channel of an
        invented one. channel, sid, uid, sequence: others than that recorder's. details: those that are not usual.
        """
        if event not in KINDS:
            raise ValueError(f"event must be one of {', '.join(map(str, KINDS))}")
        with self._changing() as now:
            if self._postman.url is None:
                raise LookupError("there is no webhook: call notify before")
            named = self._named(target)
            notice = self._reporter.by_hand(
                event,
                channel or named[0],
                sid or named[1],
                str(uid or named[2]),
                sequence,
                details,
            )
            self._deliveries.add(notice, now, NoticeRule(forged=forged))
            return notice.id

    def _named(self, target: str) -> tuple[str, str, int]:
        ever = [each for each in self._world.recorders.values() if target in (each.sid, each.channel)]
        if not ever:
            return target, self._world.new_sid(), 1
        recorder = self._pick_any(target)
        return recorder.channel, recorder.sid, recorder.channel_uid

    def sent(self, event: int | str | None = None, channel: str | None = None) -> list[Delivery]:
        """Every delivery so far that fits: the notice, what was answered, how often it was tried, and when."""
        with self._changing():
            return self._deliveries.log(None if event is None else int(event), channel)

    def delivered(self, timeout: float = 5.0) -> None:
        """Wait until everything that is due now has been tried."""
        if not self._postman.running:
            raise LookupError("there is no webhook")
        with self._changing() as now:
            self._postman.gather(now)

        def done(simulator: Notifying) -> bool:
            with simulator._changing() as now:
                return not simulator._deliveries.pending(now)

        self.wait_for(done, timeout)

    def reset(self) -> None:
        """Forget notices and what was to become of them, too; the webhook stays."""
        with self._changing():
            super().reset()
            self._reporter.forget()
            self._deliveries.forget()
