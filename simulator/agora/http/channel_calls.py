"""Channel management calls: the users of a channel, and kicking rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from simulator.agora.fields import MAX_UID, Fields, is_whole
from simulator.agora.http.answers import Answer, Refused
from simulator.agora.http.routes import Call
from simulator.agora.options import Account
from simulator.agora.state.agora_state import AgoraState
from simulator.agora.state.channels import Channel, KickingRule
from simulator.agora.state.recorder import Recorder

_PRIVILEGES = {"join_channel", "publish_audio", "publish_video"}
_DEFAULT_BAN = 3600


@dataclass
class ChannelCalls:
    """The effect of each call."""

    state: AgoraState
    account: Account

    @property
    def handlers(self) -> Mapping[str, Callable[[Call], Answer]]:
        """By operation."""
        return {"users": self.users, "kick": self.kick, "rules": self.rules, "unkick": self.unkick}

    # users

    def users(self, call: Call) -> Answer:
        """The users of a channel."""
        name = call.params["channel"]
        channel = self.state.channels.get(name) or Channel(name, self.state.options.profile)
        recorders = [each for each in self.state.alive(name) if each.in_channel and self.account.list_recorders]
        if not channel.people and not recorders:
            return Answer(200, {"success": True, "data": {"channel_exist": False}})
        listed = self._live if channel.live else self._communication
        return Answer(200, {"success": True, "data": {"channel_exist": True, **listed(call, channel, recorders)}})

    def _communication(self, _call: Call, channel: Channel, recorders: list[Recorder]) -> Fields:
        users = [person.number for person in channel.people.values()] + [each.channel_uid for each in recorders]
        return {"mode": 1, "total": len(users), "users": users}

    def _live(self, call: Call, channel: Channel, recorders: list[Recorder]) -> Fields:
        people = channel.people.values()
        hosts = {"mode": 2, "broadcasters": [each.number for each in people if each.role == "host"]}
        if "hosts_only" in call.query:
            return hosts
        audience = [each.number for each in people if each.role != "host"]
        audience += [each.channel_uid for each in recorders]
        return {**hosts, "audience": audience[:10_000], "audience_total": len(audience)}

    # kicking rules

    def kick(self, call: Call) -> Answer:
        """Make a rule: it throws users out and keeps them out for a while."""
        body = self._own_body(call)
        privileges = body.get("privileges")
        if not isinstance(privileges, list) or not privileges or not set(map(str, privileges)) <= _PRIVILEGES:
            _bad("invalid privileges")
        seconds = _ban_seconds(body) * self.state.timing.ban_scale
        now, wall = self.state.clock.monotonic(), self.state.clock.wall()
        rule = KickingRule(
            self.state.new_rule_number(),
            _optional_text(body, "cname"),
            _optional_uid(body),
            _optional_text(body, "ip"),
            tuple(map(str, privileges)),
            until=now + seconds,
            until_wall=wall + seconds,
            made_wall=wall,
        )
        if (rule.channel, rule.uid, rule.ip) == (None, None, None):
            _bad("cname, uid or ip is required")
        if seconds:
            self.state.rules.append(rule)
        self.state.apply_rule(rule, now)
        return Answer(200, {"status": "success", "id": rule.number})

    def rules(self, call: Call) -> Answer:
        """The rules in force."""
        if call.query.get("appid") != self.account.app_id:
            _bad("invalid appid")
        now = self.state.clock.monotonic()
        rules = [self._shown(rule) for rule in self.state.rules if now < rule.until]
        return Answer(200, {"status": "success", "rules": rules})

    def _shown(self, rule: KickingRule) -> Fields:
        return {
            "id": rule.number,
            "appid": self.account.app_id,
            "uid": rule.uid,
            "opid": rule.number,
            "cname": rule.channel,
            "ip": rule.ip,
            "ts": _iso(rule.until_wall),
            "privileges": list(rule.privileges),
            "createAt": _iso(rule.made_wall),
            "updateAt": _iso(rule.made_wall),
        }

    def unkick(self, call: Call) -> Answer:
        """Remove a rule."""
        number = self._own_body(call).get("id")
        kept = [rule for rule in self.state.rules if rule.number != number]
        if not is_whole(number) or len(kept) == len(self.state.rules):
            _bad("invalid id")
        self.state.rules[:] = kept
        return Answer(200, {"status": "success", "id": number})

    def _own_body(self, call: Call) -> Fields:
        if call.content_type != "application/json":
            raise Refused(Answer(415, {"message": "Unsupported Media Type"}))
        if not isinstance(call.body, dict):
            _bad("invalid body")
        if call.body.get("appid") != self.account.app_id:
            _bad("invalid appid")
        return call.body


def _bad(message: str) -> NoReturn:
    raise Refused(Answer(400, {"message": message}))


def _optional_text(body: Fields, name: str) -> str | None:
    value = body.get(name, "")
    if not isinstance(value, str):
        _bad(f"invalid {name}")
    return value or None


def _optional_uid(body: Fields) -> int | None:
    uid = body.get("uid")
    if uid is None:
        return None
    if not isinstance(uid, int) or isinstance(uid, bool) or not 1 <= uid <= MAX_UID:
        _bad("invalid uid")
    return uid


def _ban_seconds(body: Fields) -> int:
    """`time_in_seconds` before `time` (minutes), each clamped to its range; 0 is no ban."""
    for name, unit, low, high in (("time_in_seconds", 1, 10, 86_430), ("time", 60, 1, 1440)):
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool):
            _bad(f"invalid {name}")
        return unit * min(max(value, low), high) if value else 0
    return _DEFAULT_BAN


def _iso(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
