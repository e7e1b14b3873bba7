"""The HTTP application: faults, the checks that every request passes, and the calls themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from simulator.agora.http.answers import ANSWERS, Answer, Refused, refuse, refuse_parameter
from simulator.agora.http.channel_calls import ChannelCalls
from simulator.agora.http.faults import Fault, Faults
from simulator.agora.http.recording_calls import RecordingCalls
from simulator.agora.http.request_log import LoggedRequest, Rate, RequestLog
from simulator.agora.http.routes import UNKNOWN, Call
from simulator.agora.state.agora_state import AgoraState


class HttpApp:
    """Answers requests; waits are never made with the lock held."""

    def __init__(self, state: AgoraState) -> None:
        self.state = state
        self.account = state.options
        self.faults = Faults()
        self.log = RequestLog()
        self.closing = False
        """Ends every wait."""
        self._rate = Rate(self.account.qps)
        recording, channels = RecordingCalls(state, self.account), ChannelCalls(state, self.account)
        self._recording_handlers = recording.handlers
        self._handlers: Mapping[str, Callable[[Call], Answer]] = {**recording.handlers, **channels.handlers}

    def allow(self, per_second: int) -> None:
        """Another rate limit, from now on."""
        self._rate = Rate(per_second)

    def handle(self, call: Call) -> Answer | None:
        """The answer to send; None: close the connection without one."""
        call, logged, fault = self._arrive(call)
        answer: Answer | None = None
        try:
            answer = self._carry_out(call, fault)
        finally:
            with self.state.changes:
                carried_out = fault is None or fault.carries_out
                self.log.ended(logged, self.state.clock.monotonic(), answer, carried_out=carried_out)
                self.state.changes.announce("request", call.operation)
        return answer

    def _arrive(self, call: Call) -> tuple[Call, LoggedRequest, Fault | None]:
        with self.state.changing("request", call.operation) as now:
            recorder = self.state.recorders.get(call.params.get("sid", ""))
            channel = call.channel or (recorder.channel if recorder else None)
            uid = call.uid or (str(recorder.uid) if recorder else None)
            logged = self.log.arrived(call, now, self.state.clock.wall(), channel=channel, uid=uid)
            fault = self.faults.take(call.operation, channel=channel, uid=uid, sid=logged.sid, base=call.base)
            logged.fault = fault.number if fault else None
            counted = call.operation != UNKNOWN and self._authorized(call)
            call = replace(call, within_rate=not counted or self._rate.admits(now))
        return call, logged, fault

    def _carry_out(self, call: Call, fault: Fault | None) -> Answer | None:
        if fault is None:
            return self._perform(call)
        self._pause(fault.delay)
        answer = self._perform(call) if fault.carries_out else None
        self._pause(fault.delay_after)
        if fault.hang:
            self._sleep(None, lambda: self.closing or fault.cleared)
        return None if fault.hang or fault.lost else fault.answer or answer

    def _pause(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds, lambda: self.closing)

    def _sleep(self, seconds: float | None, over: Callable[[], bool]) -> None:
        self.state.clock.sleep(seconds, over, self.state.changes.condition)

    def _perform(self, call: Call) -> Answer:
        with self.state.changing("channel", call.channel or ""):
            answer = self._answer(call)
        self._pause(answer.wait)
        return answer

    def _answer(self, call: Call) -> Answer:
        try:
            self._check(call)
            return self._handlers[call.operation](call)
        except Refused as refused:
            return refused.answer

    def _check(self, call: Call) -> None:
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
