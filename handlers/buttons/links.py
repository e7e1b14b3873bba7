"""The button that gives links to a recording's files."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from handlers.requests import Press
from messages import replies
from messages.blocks import Message
from messages.config import MessageConfig
from messages.links import links, membership_unknown, no_files, not_a_member, not_made
from recordings.errors import BucketError, SlackError
from recordings.service.links import LinkService, NoFiles, NotAMember
from recordings.service.lookup import NothingHere

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LinksButton:
    """Slow: the service asks Slack who is in the channel."""

    service: LinkService
    config: MessageConfig

    def answer(self, press: Press) -> Message:
        """The reply, for the person alone. Raises `StorageUnavailable`."""
        recording_id, user = press.value, press.requester.id
        try:
            given = self.service.links(recording_id, press.requester)
        except NothingHere:
            return replies.recording_unknown()
        except NotAMember:
            return not_a_member()
        except NoFiles:
            return no_files()
        except SlackError as error:
            _log.warning("membership_unknown", recording=recording_id, user=user, error=str(error))
            return membership_unknown(error, self.config.support_contact)
        except BucketError as error:
            _log.error("no_link", recording=recording_id, error=str(error))
            return not_made(error, self.config.support_contact)
        _log.info("links_given", recording=recording_id, user=user, files=len(given.links))
        return links(given, self.config.support_contact)
