"""Sees what becomes of every recorder, and makes the notices of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.agora.http.checks import Fields
from simulator.agora.notifications import notification as notices
from simulator.agora.notifications import upload_events as upload_story
from simulator.agora.notifications.notification import KINDS, Notice
from simulator.agora.notifications.recorder_events import Line, Story
from simulator.agora.state.agora_state import World
from simulator.agora.state.recorder import Happening, Recorder

_FIRST_ID = 2_000_000_000


@dataclass
class Reporter:
    """Whoever uses it holds the simulator's lock."""

    world: World
    listening: bool = False
    """Whether anybody wants to be told; what happens before is never told."""
    stop_code: int = 2
    """The leaveCode after a stop: 2, 16, or both bits."""
    _stories: dict[str, Story] = field(default_factory=dict)
    _lines: list[tuple[Line, Story, str]] = field(default_factory=list)
    _made: int = 0
    _run: int = field(default_factory=lambda: _FIRST_ID + secrets.randbelow(10**9))
    """So that no other run of the simulator gives the same ids."""

    def saw(self, recorder: Recorder, what: Happening, now: float) -> None:
        """Something happened to a recorder."""
        story = self._story(recorder)
        self._note(story, story.happened(what, now, self.stop_code))

    def look(self, now: float) -> list[Notice]:
        """What there is to tell since the last look, in the order in which it happened."""
        for recorder in list(self.world.recorders.values()):
            story = self._story(recorder)
            self._note(story, upload_story.look(story, self.world.upload_rule(recorder.channel), now))
        lines, self._lines = self._lines, []
        lines.sort(key=lambda each: each[0].moment)
        return [self._made_of(*each) for each in lines]

    def by_hand(self, event: int, channel: str, sid: str, uid: str, sequence: int | None, details: Fields) -> Notice:
        """Any notice; what is not said of it is as usual, or the recorder's own."""
        service = KINDS[event].service
        if sequence is None:
            story = self._stories.get(sid)
            sequence = self._next(story, service) if story else 0
        merged = {**self._usual(event), **details}
        return Notice(self.new_id(event), event, channel, uid, sid, sequence, self.world.clock.wall(), merged)

    def new_id(self, event: int) -> str:
        """For each notice another one."""
        self._made += 1
        return f"{self._run}:{self._made}:{event}"

    def forget(self) -> None:
        """As if no recorder had ever been."""
        self._stories.clear()
        self._lines.clear()

    def _story(self, recorder: Recorder) -> Story:
        if recorder.sid not in self._stories:
            self._stories[recorder.sid] = Story(recorder)
        return self._stories[recorder.sid]

    def _note(self, story: Story, lines: Iterable[Line]) -> None:
        told = [(line, story, str(story.recorder.channel_uid)) for line in lines]
        self._lines += told if self.listening else []

    def _made_of(self, line: Line, story: Story, uid: str) -> Notice:
        recorder = story.recorder
        sequence = self._next(story, KINDS[line.event].service)
        return Notice(
            self.new_id(line.event),
            line.event,
            recorder.channel,
            uid,
            recorder.sid,
            sequence,
            recorder.wall(line.moment),
            line.details,
        )

    def _next(self, story: Story, service: int) -> int:
        story.sequences[service] += 1
        return story.sequences[service] - 1

    def _usual(self, event: int) -> dict[str, object]:
        now = notices.milliseconds(self.world.clock.wall())
        times: dict[int, dict[str, object]] = {
            notices.SLICE: {"startUtcMs": now, "discontinueUtcMs": now},
            notices.AUDIO: {"UtcMs": now},
            notices.VIDEO: {"UtcMs": now},
            70: {"recorderStartTime": now},
        }
        return {**KINDS[event].usual, **times.get(event, {})}
