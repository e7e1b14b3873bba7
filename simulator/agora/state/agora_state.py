"""Everything that the simulated Agora knows: recorders, resources, channels, bans."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from simulator.agora.fields import MAX_UID, Fields
from simulator.agora.options import AgoraOptions
from simulator.agora.state.channels import PROFILES, ROLES, Channel, KickingRule, Person, Uid
from simulator.agora.state.recorder import Phase, Recorder, RecorderListener
from simulator.agora.state.upload_rules import UploadRule
from simulator.agora.timing import Timing
from simulator.changes import Changes
from simulator.clock import Clock

MAX_MOVES = 3
_RESOURCE_ALPHABET = string.ascii_letters + string.digits + "-_"


@dataclass
class Resource:
    """The result of an acquire; good for one start."""

    resource_id: str
    channel: str
    uid: str
    made_at: float
    scene: int
    hours: int
    start_parameter: Fields | None
    recorder: Recorder | None = None


@dataclass
class AgoraState:
    """The state, as it was when `advance` was last called. Callers hold its lock (`reading`, `changing`)."""

    options: AgoraOptions
    clock: Clock
    changes: Changes = field(default_factory=Changes)
    uploads: bool = False
    """Whether recorders upload their files to a bucket."""
    channels: dict[str, Channel] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    recorders: dict[str, Recorder] = field(default_factory=dict)
    """By sid; recorders that are gone are kept."""
    rules: list[KickingRule] = field(default_factory=list)
    forced_statuses: dict[str, int] = field(default_factory=dict)
    """By channel, or `*`: the status that new recorders show."""
    upload_rules: dict[str, UploadRule] = field(default_factory=dict)
    """By channel, or `*`."""
    recorder_listener: RecorderListener | None = None

    def __post_init__(self) -> None:
        self._random = random.Random(self.options.seed)  # noqa: S311 - names of simulated things, no secrets
        self._next_rule = 1953

    @property
    def timing(self) -> Timing:
        """How long things take."""
        return self.options.timing

    # Access

    @contextmanager
    def reading(self) -> Iterator[float]:
        """Hold the lock, with everything applied that was due; gives the time now."""
        with self.changes:
            yield self.advance()

    @contextmanager
    def changing(self, kind: str, subject: str = "") -> Iterator[float]:
        """As `reading`, and announce that change afterwards."""
        with self.changes:
            yield self.advance()
            self.changes.announce(kind, subject)

    # Names

    def new_resource_id(self) -> str:
        """As long as Agora's own."""
        return "".join(self._random.choices(_RESOURCE_ALPHABET, k=512))

    def new_sid(self) -> str:
        """32 hex digits."""
        return f"{self._random.getrandbits(128):032x}"

    def new_rule_number(self) -> int:
        """Numbers of kicking rules count up."""
        self._next_rule += 1
        return self._next_rule - 1

    # Time

    def advance(self) -> float:
        """Apply everything that is due by the clock; the time now."""
        now = self.clock.monotonic()
        while (due := self._next_due(now)) is not None:
            moment, recorder = due
            self._apply(moment, recorder)
            self.changes.announce("recorder", recorder.sid)
        return now

    def next_change(self) -> float | None:
        """When a recorder changes next by itself."""
        return min((due for recorder in self.alive() if (due := recorder.due()) is not None), default=None)

    def _next_due(self, now: float) -> tuple[float, Recorder] | None:
        dues = ((recorder.due(), recorder) for recorder in self.alive())
        past = [(moment, recorder) for moment, recorder in dues if moment is not None and moment <= now]
        return min(past, key=lambda each: each[0], default=None)

    def _apply(self, moment: float, recorder: Recorder) -> None:
        match recorder.phase:
            case Phase.STARTING | Phase.MOVING:
                self._join(recorder, moment)
            case Phase.IN_CHANNEL:
                idle = recorder.idle_until is not None and recorder.idle_until <= moment
                self.exit(recorder, moment, "idle" if idle else "token_expired")
            case Phase.SHUT_OUT:
                recorder.leave(moment, recorder.token_problem or "banned", Phase.GONE)
            case _:
                recorder.leave(moment, "gone", Phase.GONE)

    def _join(self, recorder: Recorder, moment: float) -> None:
        uid = recorder.next_uid or recorder.channel_uid
        expired = recorder.token_until is not None and recorder.token_until <= moment
        if recorder.token_problem or expired or self.banned(recorder.channel, uid, moment):
            recorder.phase, recorder.since = Phase.SHUT_OUT, moment
            return
        recorder.enter(moment)
        self.channel(recorder.channel).people.pop(recorder.channel_uid, None)  # equal uids throw each other out
        self.refresh(recorder.channel, moment)

    def exit(self, recorder: Recorder, now: float, reason: str) -> None:
        """A recorder leaves without a stop."""
        recorder.leave(now, reason, Phase.LEAVING if self.options.report_exits else Phase.EXITING)

    def refresh(self, name: str, now: float) -> None:
        """Give the recorders of a channel the streams that are published there now."""
        channel = self.channel(name)
        for recorder in self.alive(name):
            if recorder.phase is Phase.IN_CHANNEL:
                streams = {(0, "video")} if recorder.mode == "web" else channel.streams_for(recorder.request)
                recorder.set_streams(now, streams, empty=channel.empty)

    # Queries

    def channel(self, name: str) -> Channel:
        """The channel of that name, made if it is new."""
        return self.channels.setdefault(name, Channel(name, self.options.profile))

    def alive(self, channel: str | None = None) -> list[Recorder]:
        """Recorders that are not gone, the oldest first."""
        return [each for each in self.recorders.values() if each.alive and channel in (None, each.channel)]

    def banned(self, channel: str, uid: Uid, now: float) -> bool:
        """Whether a kicking rule keeps that uid out."""
        return any(rule.bans(channel, uid, now) for rule in self.rules)

    def find(self, target: str) -> Recorder:
        """The recorder of that sid, or the newest one in that channel that is not gone."""
        if target in self.recorders:
            return self.recorders[target]
        alive = self.alive(target)
        if not alive:
            raise LookupError(f"no recorder with sid or in channel {target!r}")
        return alive[-1]

    def find_any(self, target: str) -> Recorder | None:
        """The recorder of that sid, or the newest one in that channel; one that runs before one that has ended."""
        every = [each for each in self.recorders.values() if target in (each.sid, each.channel)]
        running = [each for each in every if each.running]
        matching = running or every
        return matching[-1] if matching else None

    def upload_rule(self, channel: str) -> UploadRule:
        """The rule for uploads of that channel."""
        return self.upload_rules.get(channel) or self.upload_rules.get("*") or UploadRule()

    # People

    def join(self, name: str, person: Person, now: float) -> bool:
        """Somebody joins; False if a kicking rule forbids it."""
        if person.role not in ROLES:
            raise ValueError(f"role must be one of {ROLES}")
        if self.banned(name, person.uid, now):
            return False
        for recorder in self.alive(name):
            if recorder.in_channel and recorder.channel_uid == person.uid:
                self.exit(recorder, now, "same_uid")
        self.channel(name).people[person.uid] = person
        self.refresh(name, now)
        return True

    def leave(self, name: str, uids: Iterable[Uid] | None, now: float) -> None:
        """These people leave; None means everybody."""
        people = self.channel(name).people
        for uid in list(people) if uids is None else uids:
            people.pop(uid, None)
        self.refresh(name, now)

    def set_profile(self, name: str, profile: str, now: float) -> None:
        """The profile that people's own SDK uses in that channel."""
        if profile not in PROFILES:
            raise ValueError(f"profile must be one of {PROFILES}")
        self.channel(name).profile = profile
        self.refresh(name, now)

    def apply_rule(self, rule: KickingRule, now: float) -> None:
        """A new kicking rule takes effect on the people and recorders that are in a channel."""
        for name, channel in list(self.channels.items()):
            for uid in [uid for uid in channel.people if rule.concerns(name, uid)]:
                self._apply_to_person(rule, channel, uid)
            if "join_channel" in rule.privileges:
                for recorder in self.alive(name):
                    if recorder.in_channel and rule.concerns(name, recorder.channel_uid):
                        self.exit(recorder, now, "thrown_out")
            self.refresh(name, now)

    def _apply_to_person(self, rule: KickingRule, channel: Channel, uid: Uid) -> None:
        if "join_channel" in rule.privileges:
            del channel.people[uid]
            return
        audio = False if "publish_audio" in rule.privileges else None
        video = False if "publish_video" in rule.privileges else None
        channel.publish(uid, audio, video)

    # Recorders

    def add(self, recorder: Recorder) -> None:
        """A recorder starts."""
        self.recorders[recorder.sid] = recorder
        recorder.uploads, recorder.listener = self.uploads, self.recorder_listener
        recorder.forced = self.forced_statuses.get(recorder.channel, self.forced_statuses.get("*"))

    def move(self, recorder: Recorder, now: float, duration: float | None = None) -> None:
        """Another server takes over; a recorder that was moved too often ends."""
        if recorder.phase not in (Phase.STARTING, Phase.IN_CHANNEL, Phase.MOVING):
            raise LookupError("this recorder is not running")
        if recorder.moves >= MAX_MOVES:
            recorder.leave(now, "moved_too_often", Phase.GONE)
            return
        recorder.move(now, self._random.randint(1, MAX_UID), self.timing.failover if duration is None else duration)

    def force_new(self, channel: str, status: int | None) -> None:
        """The status that new recorders show there; None: their own."""
        self.forced_statuses.pop(channel, None)
        if status is not None:
            self.forced_statuses[channel] = status

    def restore(self, target: str) -> list[Recorder]:
        """Agora's backup sends the files of that recorder, or of the recorders of that channel."""
        every = [each for each in self.recorders.values() if target in (each.sid, each.channel)]
        backed_up = [
            each
            for each in every
            if each.ended_at is not None
            and each.restored_at is None
            and "backup" in self.upload_rule(each.channel).modes
        ]
        if not backed_up:
            raise LookupError(f"no recorder that is over and in Agora's backup with sid or in channel {target!r}")
        for recorder in backed_up:
            recorder.restored_at = recorder.wall(self.clock.monotonic())
        return backed_up

    def reset(self) -> None:
        """Forget people, recorders, resources and rules."""
        for store in (self.channels, self.resources, self.recorders, self.forced_statuses, self.upload_rules):
            store.clear()
        self.rules.clear()
