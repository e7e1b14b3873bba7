"""The simulated Agora as one object: it answers requests, people and faults are controlled, and everything is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from math import inf
from typing import Self, TypeVar, Unpack

from simulator.agora.http.answers import Answer
from simulator.agora.http.app import HttpApp
from simulator.agora.http.faults import Fault, FaultOptions
from simulator.agora.http.request_log import PENDING, LoggedRequest
from simulator.agora.http.routes import read_call
from simulator.agora.notifications.delivery_queue import ANYWHERE, Delivery, DeliveryOptions, DeliveryRule
from simulator.agora.notifications.notification import KINDS
from simulator.agora.notifications.webhook import Post, Webhook
from simulator.agora.options import STORAGE, AgoraOptions
from simulator.agora.state.agora_state import AgoraState
from simulator.agora.state.channels import Person, Uid
from simulator.agora.state.recorder import Phase
from simulator.agora.state.upload_rules import UploadRule
from simulator.agora.state.views import RecorderView, view
from simulator.agora.uploads.uploader import Uploader, render, render_sizes
from simulator.bucket.simulator import BucketSimulator
from simulator.changes import Changes
from simulator.clock import Clock, SystemClock

T = TypeVar("T")


class AgoraSimulator:
    """State and controls, without sockets and threads; `AgoraServer` serves it on the network.

    In one process, with a clock that a test moves:

        clock = ManualClock()
        agora = AgoraSimulator(AgoraOptions(qps=1000, webhook="http://bot.invalid/agora"), clock=clock, bucket=bucket)
        agora.join("daily", 7)
        answer = agora.handle("POST", "/v1/apps/…/acquire", headers, body)     # None: the connection was closed
        clock.advance(20)
        agora.upload_due()                     # puts the files that are due into the bucket
        agora.deliver_due(post)                # calls post(request) for each notification that is due

    A delay (a fault's, a synchronous stop's) advances a manual clock; a request that hangs returns None at once.

    bucket: recorders upload their files there; without one they only name them.
    """

    def __init__(
        self,
        options: AgoraOptions | None = None,
        *,
        clock: Clock | None = None,
        bucket: BucketSimulator | None = None,
    ) -> None:
        self.options = options or AgoraOptions()
        self.bucket = bucket
        self.urls: tuple[str, ...] = tuple(f"http://agora-{base}.invalid" for base in range(self.options.bases))
        """The API hosts; a server replaces them by real ones."""
        self._state = AgoraState(self.options, clock or SystemClock(), uploads=bucket is not None)
        self._http = HttpApp(self._state)
        self._webhook = Webhook(self._state, self.options.webhook, self.options.webhook_secret)
        self._state.recorder_listener = self._webhook.source.on_change
        renderer = render if self.options.real_media else render_sizes
        self._uploader = None if bucket is None else Uploader(self._state, bucket, renderer)
        self._down: set[int] = set()

    @property
    def account(self) -> AgoraOptions:
        """Credentials and limits."""
        return self.options

    @property
    def changes(self) -> Changes:
        """Announces every change; see `subscribe`."""
        return self._state.changes

    @property
    def clock(self) -> Clock:
        """Where the simulator reads the time."""
        return self._state.clock

    @property
    def url(self) -> str:
        """The first API host."""
        return self.urls[0]

    @property
    def settings(self) -> dict[str, str]:
        """The settings with which a bot uses this Agora."""
        return {
            "AGORA_APP_ID": self.account.app_id,
            "AGORA_APP_CERTIFICATE": self.account.app_certificate,
            "AGORA_CUSTOMER_ID": self.account.customer_id,
            "AGORA_CUSTOMER_SECRET": self.account.customer_secret,
            "AGORA_API_URLS": ",".join(self.urls),
            **({} if self._webhook.url is None else {"AGORA_WEBHOOK_SECRET": self.webhook_secret}),
            **(STORAGE if self.bucket is None else self.bucket.settings),
        }

    # Requests

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes, base: int = 0
    ) -> Answer | None:
        """Answer one request (header names in lower case); None: the connection is closed without an answer.

        ConnectionRefusedError if that base is down.
        """
        if base in self._down:
            raise ConnectionRefusedError(f"base {base} is down")
        return self._http.handle(read_call(method, target, headers, content, base))

    def down(self, base: int = 0) -> None:
        """Cut the connections of that base and refuse new ones."""
        self._check_base(base)
        with self._state.changing("base", str(base)):
            self._down.add(base)

    def up(self, base: int = 0) -> None:
        """Accept connections at that base again."""
        self._check_base(base)
        with self._state.changing("base", str(base)):
            self._down.discard(base)

    def _check_base(self, base: int) -> None:
        if base not in range(self.options.bases):
            raise LookupError(f"there are {self.options.bases} bases")

    def is_up(self, base: int = 0) -> bool:
        """Whether that base accepts connections."""
        return base not in self._down

    def release(self, *, closing: bool) -> None:
        """`closing`: end every request that hangs or is delayed, also later ones; until it is called without."""
        with self._state.changing("base"):
            self._http.closing = closing

    # People

    def join(self, channel: str, uid: Uid, *, audio: bool = True, video: bool = True, role: str = "host") -> bool:
        """Somebody joins and publishes audio and video; False if a kicking rule forbids it."""
        with self._state.changing("channel", channel) as now:
            return self._state.join(channel, Person(uid, audio, video, role), now)

    def leave(self, channel: str, uid: Uid | None = None) -> None:
        """Somebody leaves; without a uid, everybody."""
        with self._state.changing("channel", channel) as now:
            self._state.leave(channel, None if uid is None else [uid], now)

    def publish(self, channel: str, uid: Uid, *, audio: bool | None = None, video: bool | None = None) -> None:
        """Somebody switches microphone or camera; None leaves it as it is."""
        with self._state.changing("channel", channel) as now:
            self._state.channel(channel).publish(uid, audio, video)
            self._state.refresh(channel, now)

    def set_profile(self, channel: str, profile: str) -> None:
        """The profile of the people's own SDK there: `communication` or `live`."""
        with self._state.changing("channel", channel) as now:
            self._state.set_profile(channel, profile, now)

    def encrypt(self, channel: str, mode: int = 0, secret: str = "") -> None:
        """The people's own SDK encrypts there; a recorder without the same mode and secret receives nothing."""
        with self._state.changing("channel", channel) as now:
            self._state.channel(channel).encryption = (mode, secret)
            self._state.refresh(channel, now)

    def people(self, channel: str) -> list[Person]:
        """The people in that channel, without recorders."""
        with self._state.reading():
            return list(self._state.channel(channel).people.values())

    # Recorders; `target` is a sid, or a channel: its newest recorder

    def kill(self, target: str) -> RecorderView:
        """It dies without a notification: 404 from now on."""
        return self._end(target, "killed", Phase.GONE)

    def crash(self, target: str) -> RecorderView:
        """It ends abnormally: status 20 for a while, then 404."""
        return self._end(target, "crashed", Phase.CRASHED)

    def console_stop(self, target: str) -> RecorderView:
        """Somebody stops it elsewhere: 6, 7, 8, then 404."""
        return self._end(target, "console", Phase.LEAVING)

    def throw_out(self, target: str) -> RecorderView:
        """Somebody throws it out of the channel."""
        return self._end(target, "thrown_out", Phase.LEAVING if self.options.report_exits else Phase.EXITING)

    def _end(self, target: str, reason: str, phase: Phase) -> RecorderView:
        with self._state.changing("recorder", target) as now:
            recorder = self._state.find(target)
            if not recorder.alive:
                raise LookupError("this recorder is gone")
            recorder.leave(now, reason, phase)
            return view(recorder, now)

    def move(self, target: str, duration: float | None = None) -> RecorderView:
        """Agora moves it to another server: not found for that long, then it has another uid in the channel."""
        with self._state.changing("recorder", target) as now:
            recorder = self._state.find(target)
            self._state.move(recorder, now, duration)
            return view(recorder, now)

    def expire(self, target: str) -> RecorderView:
        """`resourceExpiredHour` is over: it goes on, and query, update and stop answer 404."""
        with self._state.changing("recorder", target) as now:
            recorder = self._state.find(target)
            recorder.api_until = now
            return view(recorder, now)

    def expire_token(self, target: str) -> RecorderView:
        """Its token expires: it is thrown out of the channel."""
        with self._state.changing("recorder", target) as now:
            recorder = self._state.find(target)
            recorder.token_until = now
            self._state.advance()
            return view(recorder, now)

    def force_status(self, target: str, status: int | None) -> RecorderView:
        """Queries answer that status until it ends or another one is forced; None: its own again."""
        with self._state.changing("recorder", target) as now:
            recorder = self._state.find(target)
            recorder.forced = status
            self._state.refresh(recorder.channel, now)
            return view(recorder, now)

    def force_new(self, channel: str, status: int | None) -> None:
        """Recorders that start there from now on show that status (`*`: anywhere); None: their own."""
        with self._state.changing("channel", channel):
            self._state.force_new(channel, status)

    def recorders(self, channel: str | None = None) -> list[RecorderView]:
        """Every recorder ever, the oldest first."""
        with self._state.reading() as now:
            every = self._state.recorders.values()
            return [view(each, now) for each in every if channel in (None, each.channel)]

    def running(self, channel: str | None = None) -> list[RecorderView]:
        """The recorders that run now and would cost money."""
        return [each for each in self.recorders(channel) if each.running]

    def recorder(self, target: str) -> RecorderView:
        """One recorder, also one that has ended."""
        with self._state.reading() as now:
            recorder = self._state.find_any(target)
            if recorder is None:
                raise LookupError(f"no recorder with sid or in channel {target!r}")
            return view(recorder, now)

    # Files

    def uploads(self, channel: str = "*", mode: str = "normal", *, delay: float = 0.0) -> None:
        """How files of that channel (`*`: of every channel without a rule of its own) are uploaded from now on.

        normal. late: everything after the end comes `delay` seconds later (in any mode, if a delay is given).
        never: nothing is uploaded from now on, and Agora claims that it was. partly: the newest slice is missing,
        although the playlist names it. empty, tiny: MP4 files of 0 bytes, of 112 bytes. no_mp4: HLS alone.
        backup: nothing comes until `restore`, and a stop answers `backuped`. wrong_place: under another prefix.
        Several: `partly+no_mp4`.
        """
        rule = UploadRule(frozenset(mode.split("+")), delay)
        with self._state.changing("channel", channel):
            self._state.upload_rules[channel] = rule

    def restore(self, target: str) -> list[str]:
        """Agora's backup sends the files of that recorder, or of the recorders of that channel; their sids."""
        with self._state.changing("recorder", target):
            return [recorder.sid for recorder in self._state.restore(target)]

    def upload_due(self) -> int:
        """Upload every file that is due now, or try to; the number of files that were uploaded."""
        if self._uploader is None:
            raise RuntimeError("there is no bucket")
        return self._uploader.run_once()

    # Notifications

    def notify(self, url: str | None, secret: str | None = None, *, stop_code: int | None = None) -> None:
        """Notify that webhook from now on (None: nobody), signed with that secret (None: the one so far).

        stop_code: the leaveCode after a stop from now on: 2 (at first), 16, or 18.
        """
        self._webhook.configure(url, secret, stop_code)

    @property
    def webhook(self) -> Webhook:
        """The webhook that is notified, and the deliveries on their way there."""
        return self._webhook

    @property
    def webhook_secret(self) -> str:
        """The secret of signatures, also before there is a webhook (a bot has to know it first)."""
        return self._webhook.secret

    def notices(self, channel: str = ANYWHERE, event: int | str | None = None, **rule: Unpack[DeliveryOptions]) -> None:
        """How notifications are delivered from now on; the most specific rule counts (channel before event).

        Without options: normally again.
        """
        made = DeliveryRule(**rule)
        with self._state.changing("webhook"):
            self._webhook.queue.rules[channel, None if event is None else int(event)] = made

    def send(
        self, target: str, event: int, *, channel: str | None = None, sid: str | None = None, **fields: object
    ) -> str:
        """Send one notification now, whatever the rules say; its noticeId.

        target: a sid or a channel, also of a recorder that has ended; without one, the channel of an invented
        recorder. channel, sid, uid, sequence: instead of that recorder's. forged: with wrong signatures. Other
        fields: details that differ from the defaults.
        """
        if event not in KINDS:
            raise ValueError(f"event must be one of {', '.join(map(str, KINDS))}")
        forged, uid = bool(fields.pop("forged", False)), fields.pop("uid", None)
        with self._state.changing("notification", target) as now:
            if self._webhook.url is None:
                raise LookupError("there is no webhook: call notify before")
            own = self._identity(target)
            made = self._webhook.source.custom(event, channel or own[0], sid or own[1], str(uid or own[2]), **fields)
            self._webhook.queue.add(made, now, DeliveryRule(forged=forged))
            return made.id

    def _identity(self, target: str) -> tuple[str, str, int]:
        recorder = self._state.find_any(target)
        if recorder is None:
            return target, self._state.new_sid(), 1
        return recorder.channel, recorder.sid, recorder.channel_uid

    def sent(self, event: int | str | None = None, channel: str | None = None) -> list[Delivery]:
        """Every delivery so far that matches, with its tries and the last answer."""
        with self._state.reading():
            return self._webhook.queue.log(None if event is None else int(event), channel)

    def deliver_due(self, post: Post) -> list[Delivery]:
        """Post every notification that is due now, in this thread; the deliveries that were tried."""
        return self._webhook.deliver_due(post)

    def delivered(self, timeout: float = 5.0) -> None:
        """Wait until every notification that is due now has been tried; for simulators that a server serves."""
        if self._webhook.url is None:
            raise LookupError("there is no webhook")
        self.changes.wait_for(lambda: not self._webhook.is_pending(), timeout, "no notification is due")

    def next_due(self) -> float | None:
        """When, by the monotonic clock, `upload_due` or `deliver_due` is needed next, or a recorder changes by itself.

        Call it after these two; then nothing happens before that moment unless somebody does something.
        """
        with self._state.reading():
            moments = [self._state.next_change(), self._webhook.next_due()]
            moments.append(None if self._uploader is None else self._uploader.next_due())
            return min((moment for moment in moments if moment is not None and moment != inf), default=None)

    # Faults and limits

    def fault(self, operation: str = "*", **options: Unpack[FaultOptions]) -> int:
        """Add a fault for the next requests of that operation (`*`: of any); its number. See FaultOptions."""
        with self._state.changing("fault"):
            return self._http.faults.add(operation, options).number

    def clear_faults(self, number: int | None = None) -> None:
        """End one fault, or all."""
        with self._state.changing("fault"):
            self._http.faults.clear(number)

    def faults(self) -> list[Fault]:
        """Every fault ever added, with how often it was met."""
        with self._state.reading():
            return self._http.faults.all()

    def allow(self, per_second: int) -> None:
        """Number of requests a second that are allowed from now on."""
        with self._state.changing("limit"):
            self._http.allow(per_second)

    # Requests so far

    def requests(
        self, operation: str | None = None, *, channel: str | None = None, sid: str | None = None
    ) -> list[LoggedRequest]:
        """Every request so far that matches, the oldest first."""
        with self._state.reading():
            return self._http.log.requests(operation, channel, sid)

    def in_flight(self, operation: str | None = None) -> list[LoggedRequest]:
        """Requests that have arrived and have no answer yet."""
        return [request for request in self.requests(operation) if request.outcome == PENDING]

    def busiest_second(self, operation: str | None = None) -> int:
        """The largest number of requests that arrived within any second."""
        with self._state.reading():
            return self._http.log.busiest_second(operation)

    # Waiting

    def subscribe(self, observer: Callable[..., None]) -> Callable[[], None]:
        """Call the observer with each Change of the state; the result ends that."""
        return self.changes.subscribe(observer)

    def wait_for(self, predicate: Callable[[Self], T], timeout: float = 5.0, what: str = "") -> T:
        """Wait, in real time, until the predicate is true (a LookupError means: not yet); else TimeoutError."""

        def value() -> T | None:
            with suppress(LookupError):
                return predicate(self)
            return None

        result = self.changes.wait_for(value, timeout, what)
        assert result is not None  # noqa: S101 - wait_for returns true values only
        return result

    def reset(self) -> None:
        """Forget people, recorders, rules, requests, faults and notifications; the webhook stays."""
        with self._state.changing("reset"):
            self._http.faults.clear()
            self._http.log.clear()
            self._state.reset()
            self._webhook.reset()
