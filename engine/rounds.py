"""What the leader checks about all recordings together: pauses, incidents, and rows that are too old to keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from recordings.lifecycle.incidents import Downtime, Review, downtime_alerts, review
from recordings.lifecycle.policy import Policy, Turn
from recordings.ports import Clock
from recordings.repositories import Repositories

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Rounds:
    """The leader's rounds. Every method raises `SystemFailure` if the database can't be used."""

    repositories: Repositories
    policy: Policy
    clock: Clock

    def report_pause(self, pause: Downtime, epoch: int) -> None:
        """Warns each Slack channel whose recordings nobody watched during the pause."""
        affected, alerts = downtime_alerts(self.repositories.recordings.active(), pause, self._turn())
        if affected:
            _log.warning("unwatched", begun_at=str(pause.begun_at), recordings=len(affected))
            self.repositories.incidents.save_downtime(pause, affected, alerts, epoch)

    def run(self, epoch: int) -> bool:
        """Deletes what is too old and reviews the incidents; returns whether that raised or closed any."""
        turn = self._turn()
        self._forget(turn.now)
        changes = self._review(turn)
        if not changes.incidents:
            return False
        for alert in changes.alerts:
            _log.warning("alert_raised", kind=str(alert.kind), reason=str(alert.reason), recording=alert.recording.id)
        self.repositories.incidents.save(changes, epoch)
        return True

    def _forget(self, now: datetime) -> None:
        self.repositories.recordings.forget_response_urls(now)
        self.repositories.recordings.forget_requests(now)
        self.repositories.notifications.forget(now)

    def _review(self, turn: Turn) -> Review:
        """Reads the active recordings only if an incident is open or one may open."""
        known = self.repositories.incidents.open()
        silent_since = turn.now - timedelta(seconds=self.policy.unreachable_alert)
        if not known and not self.repositories.recordings.any_without_answer(silent_since):
            return Review()
        return review(self.repositories.recordings.active(), known, turn)

    def _turn(self) -> Turn:
        return Turn(now=self.clock.now(), policy=self.policy)
