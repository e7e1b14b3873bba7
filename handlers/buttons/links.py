"""The button that gives links to a recording's files."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from handlers.requests import Press
from messages import replies
from messages.blocks import Message
from messages.links import links, membership_unknown
from recordings.errors import BucketError, SlackError
from recordings.service.links import LinkService, NoFiles, NotAMember
from recordings.service.lookup import NothingHere

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LinksButton:
    """Slow: the service asks Slack who is in the channel."""

    service: LinkService

    def answer(self, press: Press) -> Message:
        """The reply, for the person alone. Raises `StorageUnavailable`."""
        recording_id, user = press.value, press.requester.id
        try:
            given = self.service.links(recording_id, press.requester)
        except NothingHere:
            return replies.recording_unknown()
        except NotAMember:
            return replies.text("Only members of this channel get links to its recordings. Join it, then press again.")
        except NoFiles:
            return replies.text("There is no MP4 file of this recording that a link could give. The card says why.")
        except SlackError as error:
            _log.warning("membership_unknown", recording=recording_id, user=user, error=str(error))
            return membership_unknown(error)
        except BucketError as error:
            _log.error("no_link", recording=recording_id, error=str(error))
            return _not_made(recording_id, error)
        _log.info("links_given", recording=recording_id, user=user, files=len(given.links))
        return links(given)


def _not_made(recording_id: str, error: BucketError) -> Message:
    return replies.text(
        f"I can't make links just now (`{error.code}`). Press again in a minute; if that does not help, show"
        f" this to the person who set me up. Reference `{recording_id}`."
    )
