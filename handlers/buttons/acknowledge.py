"""I'm on it: on the alerts that need somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from handlers.buttons.press import pressed
from messages import replies
from messages.alerts import alert_message
from messages.blocks import Message
from messages.cards import CardConfig
from messages.delivery.slack import Slack
from messages.replies import alert_not_edited, already_acknowledged
from recordings.errors import SlackError
from recordings.service.acknowledge import AcknowledgeService
from recordings.service.start_stop import NothingHere

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AcknowledgeButton:
    """Answers a press, and shows on the alert who is on it. It may take seconds: Slack has to take the edit.

    The edit is a `chat.update` and no answer to the press: it keeps a reply that also went to the channel in both
    places, carries the alert's metadata, and can be done again by the next press where it failed.
    """

    service: AcknowledgeService
    slack: Slack
    card_config: CardConfig

    def answer(self, body: dict[str, Any]) -> Message | None:
        """The reply to a `block_actions` request, for the person alone. Raises `StorageUnavailable`."""
        press = pressed(body)
        try:
            found = self.service.acknowledge(press.value, press.place, press.by)
        except NothingHere:
            return replies.recording_unknown()
        recording, acknowledgement = found.alert.recording, found.acknowledgement
        _log.info(
            "alert_acknowledged",
            recording=recording.id,
            kind=str(found.alert.kind),
            by=acknowledgement.by,
            pressed_by=press.by,
        )
        message = alert_message(found.alert, self.card_config, acknowledgement=acknowledgement)
        mine = acknowledgement.by == press.by
        try:
            self.slack.update(press.place.channel, press.message_ts, message)
        except SlackError as error:
            _log.warning("alert_not_edited", recording=recording.id, error=str(error))
            return alert_not_edited(error) if mine else already_acknowledged(acknowledgement)
        return None if mine else already_acknowledged(acknowledgement)
