"""Recordings, deaths, lost answers and kills in any order, and what has to hold in the end."""

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
QUIET_SECONDS = 90.0


@dataclass
class RandomLife:
    """An office in which anything may happen. `check` ends the faults, waits until all is quiet, and looks."""

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

    # what may happen

    def start(self, number: int) -> None:
        self.agora.join(f"call{number}", 1000 + number)
        self._command(f"start call{number}", number)

    def stop(self, number: int) -> None:
        self._command(f"stop call{number}", number)

    def everybody_leaves(self, number: int) -> None:
        self.agora.leave(f"call{number}")

    def recorder_dies(self, number: int) -> None:
        self._to_recorder(self.agora.kill, number)

    def recorder_crashes(self, number: int) -> None:
        self._to_recorder(self.agora.crash, number)

    def recorder_moves(self, number: int) -> None:
        self._to_recorder(self.agora.move, number)

    def answer_gets_lost(self, operation: str, lost: str) -> None:
        self.agora.fault(operation, lost=lost, times=1)

    def agora_fails(self, operation: str) -> None:
        self.agora.fault(operation, status=503, body={"code": 0, "reason": "unavailable"}, times=2)

    def killed(self) -> None:
        """`kill -9`, and a new process at once."""
        self.stack.bot.kill()
        self.killed_at.append(time.time())
        self.stack.bot.start(LOG_LEVEL="INFO", AGORA_QPS="500")

    def is_ongoing(self, requests: int, seconds: float = 1) -> None:
        """Time passes: so many requests to Agora, or so many seconds where there are fewer."""
        wanted = len(self.agora.requests()) + requests
        try:
            self.agora.wait_for(lambda sim: len(sim.requests()) >= wanted, timeout=seconds)
        except TimeoutError:
            return

    def _command(self, text: str, number: int) -> None:
        self.slack.person("ana").command("/record", text, channel=f"room{number % self.rooms}", wait=False)

    def _to_recorder(self, audit_event: Any, number: int) -> None:
        try:
            audit_event(f"call{number}")
        except LookupError:
            return  # nothing is being recorded there just now

    # what has to hold

    def check(self) -> None:
        self.agora.clear_faults()
        self.slack.faults.clear()
        if self.stack.bot.process is None or self.stack.bot.process.poll() is not None:
            self.stack.bot.start()
        deadline = time.monotonic() + QUIET_SECONDS
        wrong = self.wrong()
        while wrong and time.monotonic() < deadline:
            self.is_ongoing(20)
            wrong = self.wrong()
        assert not wrong, "\n".join(wrong)

    def wrong(self) -> list[str]:
        """Every invariant that does not hold just now, in words."""
        rows = self.stack.bot.rows("SELECT * FROM recordings")
        active = [row for row in rows if row["state"] not in ("ended", "failed")]
        return [
            *self._unknown_recorders(active),
            *self._rows_without_recorder(active),
            *self._stuck(active),
            *self._doubled(active),
            *self._untold(rows),
            *self._losses_untold(rows),
        ]

    def _unknown_recorders(self, active: list[RowMapping]) -> list[str]:
        known = {row["sid"] for row in active}
        return [f"nobody wants {r.sid} in {r.channel}" for r in self.agora.running() if r.sid not in known]

    def _rows_without_recorder(self, active: list[RowMapping]) -> list[str]:
        running = {recorder.sid for recorder in self.agora.running()}
        recording = [row for row in active if row["state"] in ("recording", "interrupted")]
        return [f"{row['id']} is {row['state']} without a recorder" for row in recording if row["sid"] not in running]

    def _stuck(self, active: list[RowMapping]) -> list[str]:
        passing = [row for row in active if row["state"] not in ("recording",)]
        return [f"{row['id']} is still {row['state']}" for row in passing]

    def _doubled(self, active: list[RowMapping]) -> list[str]:
        held = Counter(row["agora_channel"] for row in active if row["state"] in HOLDS_CHANNEL)
        return [f"{channel} is recorded {count} times" for channel, count in held.items() if count > 1]

    def _untold(self, rows: list[RowMapping]) -> list[str]:
        told = self._told("recording_failed")
        failed = {row["id"] for row in rows if row["state"] == "failed" and row["reason"] != "undeliverable"}
        known = {recording for recording, _ in told}
        return [
            *(f"the failure of {each} was not told" for each in failed - known),
            *(f"{each} did not fail, and its failure was told" for each in known - failed),
            *(f"the failure of {each} was told again without a kill" for each, _ in self._again(told)),
        ]

    def _losses_untold(self, rows: list[RowMapping]) -> list[str]:
        """Each part that took the place of a lost one is one warning."""
        told = self._told("recording_warning", "lost")
        parts = {row["id"]: sum(1 for part in _lost_parts(row) if part["on_at"]) for row in rows}
        warned = Counter(recording for recording, _ in told)
        return [
            *(f"{each} went on {n} times, told were {warned[each]}" for each, n in parts.items() if warned[each] != n),
            *(f"that {each} went on was told again without a kill" for each, _ in self._again(told)),
        ]

    def _told(self, kind: str, reason: str | None = None) -> dict[tuple[str, str], list[float]]:
        """When each was told, by recording and recorder."""
        told: dict[tuple[str, str], list[float]] = {}
        for number in range(self.rooms):
            for message in self.slack.messages(f"room{number}"):
                if event(message) == kind and reason in (None, payload(message).get("reason")):
                    key = payload(message)["recording_id"], str(payload(message).get("sid"))
                    told.setdefault(key, []).append(float(message.ts))
        return told

    def _again(self, told: dict[tuple[str, str], list[float]]) -> list[tuple[str, str]]:
        """What was told once more though nobody had killed the bot between Slack's taking it and the row that says
        so."""
        return [key for key, at in told.items() if any(not self._killed(*both) for both in pairwise(sorted(at)))]

    def _killed(self, after: float, before: float) -> bool:
        return any(after < at < before for at in self.killed_at)

    @property
    def kills(self) -> int:
        return len(self.killed_at)


def _lost_parts(row: RowMapping) -> list[dict[str, Any]]:
    parts = row["lost_parts"]
    return list(json.loads(parts) if isinstance(parts, str) else parts or ())
