"""One request and what comes back: faults, the checks at the door, and the call itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from simulator.agora.http.answers import ANSWERS, Answer, Refused, refuse, refuse_parameter
from simulator.agora.http.channel_calls import ChannelCalls
from simulator.agora.http.faults import Fault, Faults
from simulator.agora.http.recording_calls import RecordingCalls
from simulator.agora.http.request_log import Journal, Rate, Seen
from simulator.agora.http.routes import UNKNOWN, Call
from simulator.agora.options import Account
from simulator.agora.state.agora_state import World

_LOOK = 0.05
"""How often a hanging request looks whether it is let go."""


class Exchange:
    """Takes calls, gives answers; waits are never made with the lock held."""

    def __init__(self, world: World, account: Account, changed: threading.Condition) -> None:
        self.world = world
        self.account = account
        self.faults = Faults()
        self.journal = Journal()
        self.closing = threading.Event()
        self._changed = changed
        self._rate = Rate(account.qps)
        recording, channels = RecordingCalls(world, account), ChannelCalls(world, account)
        self._recording_handlers = recording.handlers
        self._handlers: Mapping[str, Callable[[Call], Answer]] = {**recording.handlers, **channels.handlers}

    def allow(self, per_second: int) -> None:
        """Another rate, from now on."""
        self._rate = Rate(per_second)

    def handle(self, call: Call) -> Answer | None:
        """The answer to send; None: close the connection without one."""
        call, seen, fault = self._arrive(call)
        answer: Answer | None = None
        try:
            answer = self._carry_out(call, fault)
        finally:
            with self._changed:
                carried_out = fault is None or fault.carries_out
                self.journal.ended(seen, self.world.clock.monotonic(), answer, carried_out=carried_out)
                self._changed.notify_all()
        return answer

    def _arrive(self, call: Call) -> tuple[Call, Seen, Fault | None]:
        with self._changed:
            now = self.world.settle()
            recorder = self.world.recorders.get(call.params.get("sid", ""))
            channel = call.channel or (recorder.channel if recorder else None)
            uid = call.uid or (str(recorder.uid) if recorder else None)
            seen = self.journal.arrived(call, now, self.world.clock.wall(), channel=channel, uid=uid)
            fault = self.faults.take(call.operation, channel=channel, uid=uid, sid=seen.sid, base=call.base)
            seen.fault = fault.number if fault else None
            counted = call.operation != UNKNOWN and self._authorized(call)
            call = replace(call, within_rate=not counted or self._rate.admits(now))
            self._changed.notify_all()
        return call, seen, fault

    def _carry_out(self, call: Call, fault: Fault | None) -> Answer | None:
        if fault is None:
            return self._perform(call)
        self._pause(fault.delay)
        answer = self._perform(call) if fault.carries_out else None
        self._pause(fault.delay_after)
        if fault.hang:
            self._hang(fault)
        return None if fault.hang or fault.lost else fault.answer or answer

    def _pause(self, seconds: float) -> None:
        if seconds > 0:
            self.closing.wait(seconds)

    def _hang(self, fault: Fault) -> None:
        while not self.closing.is_set() and not fault.cleared.wait(_LOOK):
            pass

    def _perform(self, call: Call) -> Answer:
        with self._changed:
            self.world.settle()
            answer = self._answer(call)
            self._changed.notify_all()
        self._pause(answer.wait)
        return answer

    def _answer(self, call: Call) -> Answer:
        try:
            self._check_door(call)
            return self._handlers[call.operation](call)
        except Refused as refused:
            return refused.answer

    def _check_door(self, call: Call) -> None:
        if call.operation == UNKNOWN:
            refuse("no_route")
        if call.authorization is None:
            refuse("unauthorized")
        if not self._authorized(call):
            refuse("invalid_credentials")
        if not call.within_rate:
            raise Refused(self._too_fast())
        self._check_app(call)
        if call.method == "POST" and call.operation in self._recording_handlers:
            self._check_json(call)

    def _authorized(self, call: Call) -> bool:
        return call.authorization is not None and self.account.accepts(call.authorization)

    def _too_fast(self) -> Answer:
        wait = self.account.retry_after
        headers = {} if wait is None else {"Retry-After": f"{wait:g}"}
        return replace(ANSWERS["rate_limited"], headers=headers)

    def _check_app(self, call: Call) -> None:
        if call.params.get("appid", self.account.app_id) == self.account.app_id:
            return
        if call.operation == "users":
            raise Refused(Answer(400, {"message": "invalid appid"}))
        refuse("invalid_appid" if call.operation == "acquire" else "appid_is_invalid")

    def _check_json(self, call: Call) -> None:
        if call.content_type != "application/json":
            refuse_parameter(call.operation, "Content-Type must be application/json")
