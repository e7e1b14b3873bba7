"""Turns the events of every recorder into notifications."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.agora.fields import Fields
from simulator.agora.notifications import notification as kinds
from simulator.agora.notifications import upload_events
from simulator.agora.notifications.notification import KINDS, Notification
from simulator.agora.notifications.recorder_events import Event, RecorderEvents
from simulator.agora.state.agora_state import AgoraState
from simulator.agora.state.recorder import Recorder, RecorderChange

_FIRST_ID = 2_000_000_000


@dataclass
class EventSource:
    """Callers hold the simulator's lock."""

    state: AgoraState
    listening: bool = False
    """Whether there is a webhook; earlier events are dropped."""
    stop_code: int = 2
    """The leaveCode after a stop: 2, 16, or both bits."""
    _recorders: dict[str, RecorderEvents] = field(default_factory=dict)
    _pending: list[tuple[Event, RecorderEvents, str]] = field(default_factory=list)
    """The events that no notification was made of yet, with the recorder's uid at that time."""
    _made: int = 0
    _run: int = field(default_factory=lambda: _FIRST_ID + secrets.randbelow(10**9))
    """Part of each id, so that no other run of the simulator makes the same ids."""

    def on_change(self, recorder: Recorder, change: RecorderChange, now: float) -> None:
        """A recorder reports a change."""
        events = self._events_of(recorder)
        self._add(events, events.of_change(change, now, self.stop_code))

    def collect(self, now: float) -> list[Notification]:
        """The notifications of everything that happened since the last call, the oldest first."""
        for recorder in list(self.state.recorders.values()):
            events = self._events_of(recorder)
            self._add(events, upload_events.new_events(events, self.state.upload_rule(recorder.channel), now))
        pending, self._pending = self._pending, []
        pending.sort(key=lambda each: each[0].moment)
        return [self._notification(*each) for each in pending]

    def next_moment(self, now: float) -> float | None:
        """When time alone causes the next event."""
        rule, every = self.state.upload_rule, self._recorders.values()
        moments = (upload_events.next_moment(each, rule(each.recorder.channel), now) for each in every)
        return min(moments, default=None)

    def custom(self, event: int, channel: str, sid: str, uid: str, **fields: object) -> Notification:
        """A notification with these details; `sequence` and missing details are the recorder's own, or defaults."""
        service = KINDS[event].service
        sequence = fields.pop("sequence", None)
        if not isinstance(sequence, int):
            events = self._recorders.get(sid)
            sequence = self._next_sequence(events, service) if events else 0
        details = {**self._defaults(event), **fields}
        return Notification(self.new_id(event), event, channel, uid, sid, sequence, self.state.clock.wall(), details)

    def new_id(self, event: int) -> str:
        """An id for one notification."""
        self._made += 1
        return f"{self._run}:{self._made}:{event}"

    def reset(self) -> None:
        """Forget every recorder."""
        self._recorders.clear()
        self._pending.clear()

    def _events_of(self, recorder: Recorder) -> RecorderEvents:
        if recorder.sid not in self._recorders:
            self._recorders[recorder.sid] = RecorderEvents(recorder)
        return self._recorders[recorder.sid]

    def _add(self, events: RecorderEvents, new: Iterable[Event]) -> None:
        made = [(event, events, str(events.recorder.channel_uid)) for event in new]
        self._pending += made if self.listening else []

    def _notification(self, event: Event, events: RecorderEvents, uid: str) -> Notification:
        recorder = events.recorder
        sequence = self._next_sequence(events, KINDS[event.kind].service)
        return Notification(
            self.new_id(event.kind),
            event.kind,
            recorder.channel,
            uid,
            recorder.sid,
            sequence,
            recorder.wall(event.moment),
            event.details,
        )

    def _next_sequence(self, events: RecorderEvents, service: int) -> int:
        events.sequences[service] += 1
        return events.sequences[service] - 1

    def _defaults(self, event: int) -> Fields:
        now = kinds.milliseconds(self.state.clock.wall())
        times: dict[int, dict[str, object]] = {
            kinds.SLICE: {"startUtcMs": now, "discontinueUtcMs": now},
            kinds.AUDIO: {"UtcMs": now},
            kinds.VIDEO: {"UtcMs": now},
            70: {"recorderStartTime": now},
        }
        return {**KINDS[event].defaults, **times.get(event, {})}
