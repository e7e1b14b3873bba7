"""Everything that is at Agora: recorders, resources, channels, bans. Time passes when somebody looks."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.agora.http.checks import MAX_UID, Fields
from simulator.agora.state.channels import PROFILES, ROLES, Channel, Person, Rule, Uid
from simulator.agora.state.recorder import Phase, Recorder, Witness
from simulator.agora.timing import Clock, Timing
from simulator.agora.uploads.plan import Rule as UploadRule

MAX_MOVES = 3
_RESOURCE_ALPHABET = string.ascii_letters + string.digits + "-_"


@dataclass
class Resource:
    """What acquire gave out; good for one start."""

    resource_id: str
    channel: str
    uid: str
    made_at: float
    scene: int
    hours: int
    start_parameter: Fields | None
    recorder: Recorder | None = None


@dataclass
class World:
    """The state of the simulated Agora; whoever uses it holds the simulator's lock."""

    clock: Clock
    timing: Timing
    profile: str = "communication"
    report_exits: bool = False
    """Whether a recorder that left by itself shows 6, 7, 8 before it is gone."""
    seed: int | None = None
    channels: dict[str, Channel] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    recorders: dict[str, Recorder] = field(default_factory=dict)
    """By sid, those that are gone as well."""
    rules: list[Rule] = field(default_factory=list)
    forced_new: dict[str, int] = field(default_factory=dict)
    """By channel, or `*`: the status that new recorders show."""
    uploads: bool = False
    """Whether recorders upload their files to a bucket."""
    upload_rules: dict[str, UploadRule] = field(default_factory=dict)
    """By channel, or `*`: how uploads go."""
    witness: Witness | None = None
    """Who is told what happens to recorders."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - names of simulated things, no secrets
        self._next_rule = 1953

    # Names

    def new_resource_id(self) -> str:
        """As long as the real ones are."""
        return "".join(self._random.choices(_RESOURCE_ALPHABET, k=512))

    def new_sid(self) -> str:
        """32 hex digits."""
        return f"{self._random.getrandbits(128):032x}"

    def new_rule_number(self) -> int:
        """Rules count up."""
        self._next_rule += 1
        return self._next_rule - 1

    # Time

    def settle(self) -> float:
        """Let everything happen that is due; the time now."""
        now = self.clock.monotonic()
        while (due := self._next_due(now)) is not None:
            self._pass(*due)
        return now

    def _next_due(self, now: float) -> tuple[float, Recorder] | None:
        dues = ((recorder.due(), recorder) for recorder in self.alive())
        past = [(moment, recorder) for moment, recorder in dues if moment is not None and moment <= now]
        return min(past, key=lambda each: each[0], default=None)

    def _pass(self, moment: float, recorder: Recorder) -> None:
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
        self.look(recorder.channel, moment)

    def exit(self, recorder: Recorder, now: float, reason: str) -> None:
        """A recorder leaves though nobody stopped it."""
        recorder.leave(now, reason, Phase.LEAVING if self.report_exits else Phase.EXITING)

    def look(self, name: str, now: float) -> None:
        """The recorders of a channel see who is there now."""
        channel = self.channel(name)
        for recorder in self.alive(name):
            if recorder.phase is Phase.IN_CHANNEL:
                streams = {(0, "video")} if recorder.mode == "web" else channel.streams_for(recorder.request)
                recorder.notice(now, streams, empty=channel.empty)

    # Who is where

    def channel(self, name: str) -> Channel:
        """The channel of that name, made where it is new."""
        return self.channels.setdefault(name, Channel(name, self.profile))

    def alive(self, channel: str | None = None) -> list[Recorder]:
        """Recorders that are not gone, the oldest first."""
        return [each for each in self.recorders.values() if each.alive and channel in (None, each.channel)]

    def banned(self, channel: str, uid: Uid, now: float) -> bool:
        """Whether a rule keeps that uid out."""
        return any(rule.bans(channel, uid, now) for rule in self.rules)

    def pick(self, target: str) -> Recorder:
        """The recorder of that sid, or the newest one in that channel that is not gone."""
        if target in self.recorders:
            return self.recorders[target]
        there = self.alive(target)
        if not there:
            raise LookupError(f"no recorder with sid or in channel {target!r}")
        return there[-1]

    # What people do

    def join(self, name: str, person: Person, now: float) -> bool:
        """Somebody joins; False where a rule forbids it."""
        if person.role not in ROLES:
            raise ValueError(f"role must be one of {ROLES}")
        if self.banned(name, person.uid, now):
            return False
        for recorder in self.alive(name):
            if recorder.in_channel and recorder.channel_uid == person.uid:
                self.exit(recorder, now, "same_uid")
        self.channel(name).people[person.uid] = person
        self.look(name, now)
        return True

    def leave(self, name: str, uids: Iterable[Uid] | None, now: float) -> None:
        """Those leave; None means everybody."""
        people = self.channel(name).people
        for uid in list(people) if uids is None else uids:
            people.pop(uid, None)
        self.look(name, now)

    def set_profile(self, name: str, profile: str, now: float) -> None:
        """Which profile the people's own SDK uses in that channel."""
        if profile not in PROFILES:
            raise ValueError(f"profile must be one of {PROFILES}")
        self.channel(name).profile = profile
        self.look(name, now)

    def throw_out(self, rule: Rule, now: float) -> None:
        """A new rule takes effect on those who are in a channel."""
        for name, channel in list(self.channels.items()):
            for uid in [uid for uid in channel.people if rule.concerns(name, uid)]:
                self._apply(rule, channel, uid)
            if "join_channel" in rule.privileges:
                for recorder in self.alive(name):
                    if recorder.in_channel and rule.concerns(name, recorder.channel_uid):
                        self.exit(recorder, now, "thrown_out")
            self.look(name, now)

    def _apply(self, rule: Rule, channel: Channel, uid: Uid) -> None:
        if "join_channel" in rule.privileges:
            del channel.people[uid]
            return
        audio = False if "publish_audio" in rule.privileges else None
        video = False if "publish_video" in rule.privileges else None
        channel.publish(uid, audio, video)

    # What befalls recorders

    def move(self, recorder: Recorder, now: float, duration: float | None = None) -> None:
        """Another server takes over; a recorder that was moved too often already ends."""
        if recorder.phase not in (Phase.STARTING, Phase.IN_CHANNEL, Phase.MOVING):
            raise LookupError("this recorder is not running")
        if recorder.moves >= MAX_MOVES:
            recorder.leave(now, "moved_too_often", Phase.GONE)
            return
        away = self.timing.failover if duration is None else duration
        recorder.move(now, self._random.randint(1, MAX_UID), away)

    def force_new(self, channel: str, status: int | None) -> None:
        """What new recorders there will show; None: what they really are."""
        self.forced_new.pop(channel, None)
        if status is not None:
            self.forced_new[channel] = status

    def upload_rule(self, channel: str) -> UploadRule:
        """How uploads go there."""
        return self.upload_rules.get(channel) or self.upload_rules.get("*") or UploadRule()

    def restore(self, target: str, now: float) -> list[Recorder]:
        """Agora's backup sends on what recorders there (or that one) had to leave with it."""
        found = [each for each in self.recorders.values() if target in (each.sid, each.channel)]
        backed = [each for each in found if each.ended_at is not None and each.restored_at is None]
        backed = [each for each in backed if "backup" in self.upload_rule(each.channel).modes]
        if not backed:
            raise LookupError(f"no recorder that is over and in Agora's backup with sid or in channel {target!r}")
        for recorder in backed:
            recorder.restored_at = recorder.wall(now)
        return backed

    def begin(self, recorder: Recorder) -> None:
        """A recorder starts."""
        self.recorders[recorder.sid] = recorder
        recorder.uploads, recorder.witness = self.uploads, self.witness
        recorder.forced = self.forced_new.get(recorder.channel, self.forced_new.get("*"))

    def reset(self) -> None:
        """Forget everybody and everything."""
        for store in (self.channels, self.resources, self.recorders, self.forced_new, self.upload_rules):
            store.clear()
        self.rules.clear()
