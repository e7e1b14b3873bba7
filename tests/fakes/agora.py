"""An Agora in memory that answers with what it was told to."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from recordings.model.options import DEFAULT_OPTIONS, Layout, Options
from recordings.model.recorder import Target
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted


class FakeAgora:
    """`CloudRecorder`. Everything works, unless `answers` holds something else for a call: one answer for each time,
    the last one from then on; an exception is raised."""

    def __init__(self) -> None:
        self.answers: defaultdict[str, list[Any]] = defaultdict(list)
        self.calls: list[tuple[str, Any]] = []
        self.people = ChannelUsers()
        self.asked: list[tuple[Options, int | None]] = []
        """What each start asked for."""

    def made(self, call: str) -> list[Any]:
        return [with_what for name, with_what in self.calls if name == call]

    def _answer(self, call: str, with_what: Any, usual: Any) -> Any:
        self.calls.append((call, with_what))
        planned = self.answers[call]
        answer = usual if not planned else planned.pop(0) if len(planned) > 1 else planned[0]
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    def acquire(self, channel: str, uid: int, timeout: float | None = None) -> str:
        return str(self._answer("acquire", (channel, uid), "RES"))

    def start(
        self,
        target: Target,
        prefix: tuple[str, ...],
        timeout: float | None = None,
        options: Options = DEFAULT_OPTIONS,
        big_uid: int | None = None,
    ) -> str:
        self.asked.append((options, big_uid))
        return str(self._answer("start", (target, prefix), "SID"))

    def update_layout(self, target: Target, layout: Layout, big_uid: int | None) -> None:
        self._answer("arrange", (target, layout, big_uid), None)

    def query(self, target: Target) -> RecorderStatus:
        found: RecorderStatus = self._answer("query", target, RecorderStatus(5))
        return found

    def stop(self, target: Target) -> StopAccepted:
        found: StopAccepted = self._answer("stop", target, StopAccepted())
        return found

    def users(self, channel: str, timeout: float | None = None) -> ChannelUsers:
        found: ChannelUsers = self._answer("users", channel, self.people)
        return found

    def throw_out(self, channel: str, uid: int) -> None:
        self._answer("throw_out", (channel, uid), None)
