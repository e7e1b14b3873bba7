"""Recordings, dead recorders, lost responses and kills of the bot in any order, and the invariants after them."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping

from simulator.agora import AgoraOptions, AgoraServer, AgoraSimulator
from simulator.slack import SlackServer, SlackSimulator
from tests.system.conftest import TIMING, Bot, Stack, environment_for, event, payload

HOLDS_CHANNEL = ("starting", "recording", "interrupted", "stopping")
SETTLE_SECONDS = 90.0


@dataclass
class RandomLife:
    """A stack for random events. `check` removes the faults and waits until every invariant holds."""

    folder: Path
    database_url: str | None = None
    rooms: int = 3
    agora_server: AgoraServer = field(init=False)
    slack_server: SlackServer = field(init=False)
    agora: AgoraSimulator = field(init=False)
    slack: SlackSimulator = field(init=False)
    stack: Stack = field(init=False)
    killed_at: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        options = AgoraOptions(timing=TIMING, qps=1000, max_recorders=500)
        self.agora_server = AgoraServer(AgoraSimulator(options)).start()
        self.slack_server = SlackServer().start()
        self.agora, self.slack = self.agora_server.simulator, self.slack_server.simulator
        self.slack.seed()
        bot = Bot(environment_for(self.slack, self.agora, self.folder, self.database_url), self.folder)
        self.stack = Stack(self.slack_server, self.agora, bot)
        for number in range(self.rooms):
            self.stack.room(f"room{number}")
        self.stack.start(LOG_LEVEL="INFO", AGORA_QPS="500")

    def close(self) -> None:
        self.stack.bot.end()
        self.slack_server.stop()
        self.agora_server.stop()

    # Events

    def start(self, number: int) -> None:
        self.agora.join(f"call{number}", 1000 + number)
        self._command(f"start call{number}", number)

    def stop(self, number: int) -> None:
        self._command(f"stop call{number}", number)

    def empty_call(self, number: int) -> None:
        self.agora.leave(f"call{number}")

    def kill_recorder(self, number: int) -> None:
        self._to_recorder(self.agora.kill, number)

    def crash_recorder(self, number: int) -> None:
        self._to_recorder(self.agora.crash, number)

    def move_recorder(self, number: int) -> None:
        self._to_recorder(self.agora.move, number)

    def lose(self, operation: str, lost: str) -> None:
        self.agora.fault(operation, lost=lost, times=1)

    def fail_agora(self, operation: str) -> None:
        self.agora.fault(operation, status=503, body={"code": 0, "reason": "unavailable"}, times=2)

    def kill_bot(self) -> None:
        """Kills the bot with SIGKILL and starts a new process at once."""
        self.stack.bot.kill()
        self.killed_at.append(time.time())
        self.stack.bot.start(LOG_LEVEL="INFO", AGORA_QPS="500")

    def let_time_pass(self, requests: int, seconds: float = 1) -> None:
        """Waits for this many requests to Agora, but no longer than `seconds`."""
        expected = len(self.agora.requests()) + requests
        try:
            self.agora.wait_for(lambda sim: len(sim.requests()) >= expected, timeout=seconds)
        except TimeoutError:
            return

    def _command(self, text: str, number: int) -> None:
        self.slack.person("ana").command("/record", text, channel=f"room{number % self.rooms}", wait=False)

    def _to_recorder(self, action: Any, number: int) -> None:
        try:
            action(f"call{number}")
        except LookupError:
            return  # The call is not being recorded.

    # Invariants

    def check(self) -> None:
        self.agora.clear_faults()
        self.slack.faults.clear()
        if self.stack.bot.process is None or self.stack.bot.process.poll() is not None:
            self.stack.bot.start()
        deadline = time.monotonic() + SETTLE_SECONDS
        violations = self.violations()
        while violations and time.monotonic() < deadline:
            self.let_time_pass(20)
            violations = self.violations()
        assert not violations, "\n".join(violations)

    def violations(self) -> list[str]:
        """A sentence for each invariant that does not hold now."""
        rows = self.stack.bot.rows("SELECT * FROM recordings")
        active = [row for row in rows if row["state"] not in ("ended", "failed")]
        return [
            *self._unknown_recorders(active),
            *self._rows_without_recorder(active),
            *self._stuck(active),
            *self._recorded_twice(active),
            *self._wrong_failure_alerts(rows),
            *self._wrong_loss_warnings(rows),
        ]

    def _unknown_recorders(self, active: list[RowMapping]) -> list[str]:
        known = {row["sid"] for row in active}
        return [f"no row knows {r.sid} in {r.channel}" for r in self.agora.running() if r.sid not in known]

    def _rows_without_recorder(self, active: list[RowMapping]) -> list[str]:
        running = {recorder.sid for recorder in self.agora.running()}
        recording = [row for row in active if row["state"] in ("recording", "interrupted")]
        return [f"{row['id']} is {row['state']} without a recorder" for row in recording if row["sid"] not in running]

    def _stuck(self, active: list[RowMapping]) -> list[str]:
        return [f"{row['id']} is still {row['state']}" for row in active if row["state"] != "recording"]

    def _recorded_twice(self, active: list[RowMapping]) -> list[str]:
        held = Counter(row["agora_channel"] for row in active if row["state"] in HOLDS_CHANNEL)
        return [f"{channel} is recorded {count} times" for channel, count in held.items() if count > 1]

    def _wrong_failure_alerts(self, rows: list[RowMapping]) -> list[str]:
        """Each failed recording has one alert, or two if the bot was killed in between."""
        alerts = self._alert_times("recording_failed")
        failed = {row["id"] for row in rows if row["state"] == "failed" and row["reason"] != "undeliverable"}
        alerted = {recording for recording, _ in alerts}
        return [
            *(f"the failure of {recording} has no alert" for recording in failed - alerted),
            *(f"{recording} did not fail, but has an alert" for recording in alerted - failed),
            *(f"the failure of {recording} has two alerts without a kill" for recording, _ in self._repeated(alerts)),
        ]

    def _wrong_loss_warnings(self, rows: list[RowMapping]) -> list[str]:
        """Each recorder that replaced a lost one has one warning."""
        warnings = self._alert_times("recording_warning", "lost")
        resumed = {row["id"]: sum(1 for segment in _lost_segments(row) if segment["on_at"]) for row in rows}
        warned = Counter(recording for recording, _ in warnings)
        return [
            *(
                f"{recording} was resumed {count} times and has {warned[recording]} warnings"
                for recording, count in resumed.items()
                if warned[recording] != count
            ),
            *(f"a loss of {recording} has two warnings without a kill" for recording, _ in self._repeated(warnings)),
        ]

    def _alert_times(self, kind: str, reason: str | None = None) -> dict[tuple[str, str], list[float]]:
        """The times of these alerts, by recording and recorder."""
        times: dict[tuple[str, str], list[float]] = {}
        for number in range(self.rooms):
            for message in self.slack.messages(f"room{number}"):
                if event(message) == kind and reason in (None, payload(message).get("reason")):
                    key = payload(message)["recording_id"], str(payload(message).get("sid"))
                    times.setdefault(key, []).append(float(message.ts))
        return times

    def _repeated(self, alerts: dict[tuple[str, str], list[float]]) -> list[tuple[str, str]]:
        """Alerts that were posted twice although the bot was not killed between Slack's response and the mark in the
        row."""
        return [
            key for key, times in alerts.items() if any(not self._was_killed(*both) for both in pairwise(sorted(times)))
        ]

    def _was_killed(self, after: float, before: float) -> bool:
        return any(after < at < before for at in self.killed_at)

    @property
    def kills(self) -> int:
        return len(self.killed_at)


def _lost_segments(row: RowMapping) -> list[dict[str, Any]]:
    segments = row["lost_parts"]
    return list(json.loads(segments) if isinstance(segments, str) else segments or ())
