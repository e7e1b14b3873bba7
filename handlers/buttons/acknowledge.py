"""I'm on it: on the alerts that somebody has to act on."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from handlers.requests import Press
from messages import replies
from messages.alerts import alert_message
from messages.blocks import Message
from messages.config import MessageConfig
from messages.delivery.slack import Slack
from messages.replies import alert_not_edited, already_acknowledged
from recordings.errors import SlackError
from recordings.model.alerts import AcknowledgedAlert
from recordings.service.acknowledge import AcknowledgeService
from recordings.service.lookup import NothingHere

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AcknowledgeButton:
    """Saves the acknowledgement and shows it on the alert. Slow: Slack has to accept the edit.

    The edit is a `chat.update`, not an answer to the press: it keeps an alert that was also sent to the channel in
    both places, carries the alert's metadata, and the next press repeats it if it failed.
    """

    service: AcknowledgeService
    slack: Slack
    config: MessageConfig

    def answer(self, press: Press) -> Message | None:
        """The reply, for the person alone. Raises `StorageUnavailable`."""
        try:
            acknowledged = self.service.acknowledge(press.value, press.requester)
        except NothingHere:
            return replies.recording_unknown()
        alert, acknowledgement = acknowledged.alert, acknowledged.acknowledgement
        _log.info(
            "alert_acknowledged",
            recording=alert.recording.id,
            kind=str(alert.kind),
            by=acknowledgement.by,
            pressed_by=press.requester.id,
        )
        mine = acknowledgement.by == press.requester.id
        try:
            self._edit(press, acknowledged)
            latest = self.service.acknowledge(press.value, press.requester)
            if latest != acknowledged:
                # It was resolved meanwhile, and this edit may have come after the one that says so.
                self._edit(press, latest)
        except SlackError as error:
            _log.warning("alert_not_edited", recording=alert.recording.id, error=str(error))
            return alert_not_edited(error) if mine else already_acknowledged(acknowledgement)
        return None if mine else already_acknowledged(acknowledgement)

    def _edit(self, press: Press, acknowledged: AcknowledgedAlert) -> None:
        """Shows everything that is stored about the alert."""
        message = alert_message(
            acknowledged.alert,
            self.config,
            acknowledgement=acknowledged.acknowledgement,
            resolved_at=acknowledged.resolved_at,
        )
        self.slack.update(press.slack_channel.channel, press.message_ts, message)
