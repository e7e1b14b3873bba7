"""The workspace: people, channels, messages."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from simulator.changes import Changes
from simulator.clock import Clock
from simulator.slack.http import Json


class WorkspaceError(ValueError):
    """Something that is impossible in a real Slack: a mistake in the test or demo."""


@dataclass(eq=False)
class User:
    """A person, or the bot."""

    id: str
    name: str
    team_id: str
    tz: str = "UTC"
    tz_offset: int = 0
    guest: bool = False
    single_channel_guest: bool = False
    stranger: bool = False
    """Of another team, and in no channel of the app (in one of its channels, only `team_id` differs)."""
    admin: bool = False
    owner: bool = False
    bot: bool = False
    deactivated: bool = False

    def as_json(self) -> Json:
        """The user object of `users.info`."""
        return {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "real_name": self.name.title(),
            "deleted": self.deactivated,
            "tz": self.tz,
            "tz_label": self.tz,
            "tz_offset": self.tz_offset,
            "profile": {"real_name": self.name.title(), "display_name": self.name, "team": self.team_id},
            "is_admin": self.admin,
            "is_owner": self.owner,
            "is_primary_owner": False,
            "is_restricted": self.guest or self.single_channel_guest,
            "is_ultra_restricted": self.single_channel_guest,
            "is_bot": self.bot,
            "is_app_user": False,
            **({"is_stranger": True} if self.stranger else {}),
        }


@dataclass(frozen=True)
class Version:
    """The content of a message before an edit."""

    text: str
    blocks: list[Json]
    metadata: Json | None
    until: float


@dataclass(eq=False)
class Message:
    """A message; only the person `ephemeral_to` sees an ephemeral one."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    ephemeral_to: str | None = None
    via: str = "chat.postMessage"
    at: float = 0.0
    edited_at: float | None = None
    edits: list[Version] = field(default_factory=list)
    deleted: bool = False
    filled: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    @property
    def said(self) -> str:
        """All words that a reader sees: those of the blocks, or else the text."""
        return "\n".join(_words(self.blocks)) if self.blocks else self.text

    @property
    def elements(self) -> dict[str, Json]:
        """The interactive elements by action_id."""
        return {element["action_id"]: element for _, element in interactive(self.blocks)}

    @property
    def event_type(self) -> str | None:
        return self.metadata["event_type"] if self.metadata else None

    @property
    def event_payload(self) -> Json:
        return dict(self.metadata["event_payload"]) if self.metadata else {}

    def as_json(self) -> Json:
        """For the control API, with its history."""
        facts = {name: value for name, value in vars(self).items() if name != "filled"}
        return {**facts, "said": self.said, "edits": [vars(version) for version in self.edits]}


@dataclass(frozen=True)
class Moment:
    """Something that people saw or did, for transcripts.

    `kind`: message, reply (in a thread), ephemeral, edit, delete, or the type of an interaction (command, …).
    """

    at: float
    kind: str
    who: str
    channel: str
    text: str
    ts: str | None = None
    broadcast: bool = False

    def as_json(self) -> Json:
        return dict(vars(self))


def _words(node: Any) -> Iterable[str]:
    if isinstance(node, list):
        for item in node:
            yield from _words(item)
    elif isinstance(node, dict):
        if node.get("type") in ("plain_text", "mrkdwn", "text", "markdown") and isinstance(node.get("text"), str):
            yield node["text"]
        else:
            yield from _words([value for key, value in node.items() if key != "confirm"])


def interactive(blocks: Iterable[Json]) -> Iterable[tuple[Json, Json]]:
    """Pairs of block and element, for each element that has an action_id."""
    for block in blocks:
        for element in [*block.get("elements", []), block.get("accessory"), block.get("element")]:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


@dataclass(eq=False)
class Channel:
    """A public or private channel, or (`kind` is `im`) a conversation of two."""

    id: str
    name: str
    private: bool = False
    archived: bool = False
    members: set[str] = field(default_factory=set)
    kind: str = "channel"
    messages: list[Message] = field(default_factory=list)

    @property
    def slash_name(self) -> str:
        """The `channel_name` of a slash command: true only in public channels."""
        if self.kind == "im":
            return "directmessage"
        return "privategroup" if self.private else self.name

    def as_json(self, bot: str, *, count_members: bool = False) -> Json:
        """The channel object of `conversations.info`."""
        direct = self.kind == "im"
        common = {"id": self.id, "is_archived": self.archived, "is_im": direct, "is_org_shared": False, "created": 1}
        if direct:
            return {**common, "user": next(iter(self.members - {bot}), bot), "is_user_deleted": False, "priority": 0}
        counted = {"num_members": len(self.members)} if count_members else {}
        return {
            **common,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.private,
            "is_group": self.private,
            "is_mpim": False,
            "is_private": self.private,
            "is_member": bot in self.members,
            "is_general": self.name == "general",
            "is_shared": False,
            "is_ext_shared": False,
            **counted,
        }


class Workspace:
    """Everything that people see, guarded by the lock of `changes`."""

    def __init__(self, clock: Clock, team_domain: str = "sim-team") -> None:
        self.clock = clock
        self.changes = Changes()
        self._numbers = itertools.count(1)
        self._last_ts = 0
        self.timeline: list[Moment] = []
        self.team_id = self.new_id("T")
        self.team_domain = team_domain
        self.app_id = self.new_id("A")
        self.bot_id = self.new_id("B")
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.bot = self.add_user("Recorder", bot=True)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}0SIM{next(self._numbers):05d}"

    def new_ts(self) -> str:
        with self.changes:
            self._last_ts = max(self._last_ts + 1, int(self.clock.wall() * 1_000_000))
            return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add_user(self, name: str, **facts: Any) -> User:
        with self.changes:
            if any(user.name == name for user in self.users.values()):
                raise WorkspaceError(f"there is a user {name} already")
            facts.setdefault("team_id", self.team_id)
            user = User(id=self.new_id("U"), name=name, **facts)
            self.users[user.id] = user
            self.changes.announce("person", user.id)
            return user

    def add_channel(self, name: str, members: Iterable[User] = (), **facts: Any) -> Channel:
        with self.changes:
            if any(channel.name == name and channel.kind == "channel" for channel in self.channels.values()):
                raise WorkspaceError(f"there is a channel {name} already")
            channel = Channel(id=self.new_id("C"), name=name, members={user.id for user in members}, **facts)
            self.channels[channel.id] = channel
            self.changes.announce("channel", channel.id)
            return channel

    def direct(self, one: User, other: User) -> Channel:
        """The conversation of these two, made if it does not exist."""
        pair = {one.id, other.id}
        with self.changes:
            found = [c for c in self.channels.values() if c.kind == "im" and c.members == pair]
            if found:
                return found[0]
            channel = Channel(id=self.new_id("D"), name="", private=True, members=pair, kind="im")
            self.channels[channel.id] = channel
            self.changes.announce("channel", channel.id)
            return channel

    def user(self, ref: User | str) -> User:
        """A user by object, id or name."""
        if isinstance(ref, User):
            return ref
        found = [user for user in list(self.users.values()) if ref.removeprefix("@") in (user.id, user.name)]
        if not found:
            raise WorkspaceError(f"no user {ref}")
        return found[0]

    def channel(self, ref: Channel | str) -> Channel:
        """A channel by object, id or name."""
        if isinstance(ref, Channel):
            return ref
        found = [c for c in list(self.channels.values()) if ref.removeprefix("#") in (c.id, c.name) and ref]
        if not found:
            raise WorkspaceError(f"no channel {ref}")
        return found[0]

    def add_message(self, channel: Channel, user: User, text: str, **facts: Any) -> Message:
        with self.changes:
            message = Message(self.new_ts(), channel.id, user.id, text, at=self.clock.wall(), **facts)
            channel.messages.append(message)
            kind = "ephemeral" if message.ephemeral_to else "reply" if message.thread_ts else "message"
            self._log(kind, message)
            return message

    def edit(self, message: Message, text: str, blocks: list[Json], metadata: Json | None) -> None:
        with self.changes:
            message.edited_at = self.clock.wall()
            message.edits.append(Version(message.text, message.blocks, message.metadata, message.edited_at))
            message.text, message.blocks, message.metadata = text, blocks, metadata
            self._log("edit", message)

    def delete(self, message: Message) -> None:
        with self.changes:
            message.deleted = True
            self._log("delete", message)

    def _log(self, kind: str, message: Message) -> None:
        who, place = self.users[message.user].name, self.channels[message.channel].name
        self.add_moment(Moment(self.clock.wall(), kind, who, place, message.said, message.ts, message.broadcast))

    def add_moment(self, moment: Moment) -> None:
        """Add a line to the transcript."""
        with self.changes:
            self.timeline.append(moment)
            self.changes.announce("message" if moment.ts else moment.kind, moment.ts or moment.who)

    def set_member(self, channel: Channel, user_id: str, *, member: bool) -> None:
        """Somebody joins or leaves a channel."""
        with self.changes:
            (channel.members.add if member else channel.members.discard)(user_id)
            self.changes.announce("channel", channel.id)

    def set_archived(self, channel: Channel, *, archived: bool) -> None:
        """A channel is archived, or restored."""
        with self.changes:
            channel.archived = archived
            self.changes.announce("channel", channel.id)

    def find_message(self, channel: Channel, ts: str) -> Message | None:
        return next((m for m in channel.messages if m.ts == ts and not m.deleted), None)
