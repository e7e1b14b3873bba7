"""Details and the location, in the menu of a card; Show older, below a page of the list; All options, in the help."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.requests import Press
from messages import details, listing, replies
from messages.blocks import Message
from messages.buttons import DETAILS_OPTION
from messages.config import MessageConfig
from messages.help import help_text
from messages.location import location
from recordings.model.listing import Cursor
from recordings.service.details import DetailService
from recordings.service.lookup import NothingHere
from recordings.service.start_stop import RecordingService


@dataclass(frozen=True, slots=True)
class DetailsButton:
    """Shows everything that engineers and Agora's support need."""

    service: DetailService
    config: MessageConfig

    def answer(self, press: Press) -> Message:
        """The reply, for the person alone. Raises `StorageUnavailable`."""
        recording_id = press.value.removeprefix(DETAILS_OPTION)
        try:
            record = self.service.details(recording_id, press.slack_channel)
        except NothingHere:
            return replies.recording_unknown()
        return details.details(record, self.config.folder(record.recording))


@dataclass(frozen=True, slots=True)
class LocationOption:
    """Shows where in the bucket the files are."""

    service: RecordingService
    config: MessageConfig

    def answer(self, press: Press) -> Message:
        """The reply, for the person alone. Raises `StorageUnavailable`."""
        try:
            recording = self.service.in_channel(press.value, press.slack_channel)
        except NothingHere:
            return replies.recording_unknown()
        return location(recording, self.config.folder(recording))


@dataclass(frozen=True, slots=True)
class NextPageButton:
    """Shows the next page of the Slack channel in which the button was pressed."""

    service: RecordingService

    def answer(self, press: Press) -> Message:
        """Replaces the page. Raises `StorageUnavailable`."""
        try:
            after = Cursor.read(press.value)
        except ValueError:
            return listing.list_expired()
        return listing.listing(self.service.history(press.slack_channel, after=after), press.domain)


@dataclass(frozen=True, slots=True)
class OptionsButton:
    """Shows every option of a command; the button's value names the command."""

    config: MessageConfig

    def answer(self, press: Press) -> Message:
        """Replaces the help."""
        return help_text(self.config, press.value)
