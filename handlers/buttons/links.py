"""The button that gives links to a recording's files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from messages import replies
from messages.blocks import Message
from messages.links import links, membership_unknown
from recordings.errors import BucketError, SlackError
from recordings.service.links import LinkService, NoFiles, NotAMember
from recordings.service.start_stop import NothingHere, SlackChannelRef

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LinksButton:
    """Answers a press. It may take seconds: Slack has to be asked who is in the channel."""

    service: LinkService

    def answer(self, body: dict[str, Any]) -> Message:
        """The reply to a `block_actions` request, for the person alone. Raises `StorageUnavailable`."""
        channel = (body.get("channel") or {}).get("id") or (body.get("container") or {}).get("channel_id") or ""
        place, by = SlackChannelRef((body.get("team") or {}).get("id") or "", channel), body["user"]["id"]
        recording_id = body["actions"][0].get("value") or ""
        try:
            found = self.service.links(recording_id, place, by)
        except NothingHere:
            return replies.recording_unknown()
        except NotAMember:
            return replies.text("Only members of this channel get links to its recordings. Join it, then press again.")
        except NoFiles:
            return replies.text("There is no MP4 file of this recording that a link could give. The card says why.")
        except SlackError as error:
            _log.warning("membership_unknown", recording=recording_id, user=by, error=str(error))
            return membership_unknown(error)
        except BucketError as error:
            _log.error("no_link", recording=recording_id, error=str(error))
            return replies.text(
                f"I can't make links just now (`{error.code}`). Press again in a minute; if that does not help, show"
                f" this to the person who set me up. Reference `{recording_id}`."
            )
        _log.info("links_given", recording=recording_id, user=by, files=len(found.links))
        return links(found)
