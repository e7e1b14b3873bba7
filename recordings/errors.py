"""Everything that can fail, in two families that never mix: mistakes of people, and failures of systems.

PersonError             somebody typed or pressed something impossible; the text says what to do instead
├── InvalidChannelName      no Agora channel can have this name
├── NotAllowed              a setting forbids it: `recordings.service.access`
├── NothingHere             this Slack channel has no such recording: `recordings.service.lookup`
├── NotAMember, NoFiles     there are no links for this person, or none at all: `recordings.service.links`
├── NotInChannel            the bot can't post in this Slack channel: `handlers.directory`
├── UsageError, UnknownVerb the command can't be understood: `handlers.commands.usage`
SystemFailure           the bot, Agora, Slack or the storage failed
├── StorageUnavailable  the database could not be read or written
├── DatabaseNewer       a newer version of the program has migrated the tables
├── LeaseLost           another replica leads; nothing was written
├── NotificationRefused a request to Agora's webhook is not accepted
│   ├── WrongSignature          it is not signed with the secret that the bot shares with Agora
│   └── MalformedNotification   it is not the JSON that Agora documents
├── SlackError          Slack did not accept a message
│   ├── SlackRefused    and it never will: archived, not in the channel, token revoked, …
│   └── SlackBusy       not now: 429, 5xx, no answer
│       ├── SlackUnanswered  Slack may have carried it out, or may do so later
│       └── SlackPaced  not sent, because of the bot's own rate limit
├── BucketError         the bucket could not be read; `code` is the storage's error code (AccessDenied)
│   ├── BucketUnreachable   no connection, no answer in time, 5xx, SlowDown: a retry can help
│   ├── BucketDenied        the storage knows the key, but the key may not do this (403 AccessDenied and the like)
│   ├── BucketWrong         no such bucket, unknown key, wrong signature or region: the settings are wrong
│   └── ObjectMissing       there is no object with this key
└── AgoraError          Agora's answer is not a success, or there is no answer
    ├── AgoraSilent     nothing is known about the recording: a retry can help
    │   ├── NotSent     no connection: the request did not reach Agora
    │   ├── NoAnswer    sent, but no answer came: Agora may have carried it out
    │   ├── ServerFault 5xx
    │   ├── Unfinished  206/65, 504/62, 500/62: reached the backend, outcome unknown
    │   ├── RateLimited 429
    │   └── NotRouted   404 without Agora's code 404, or an answer that is not Agora's
    │       └── Unreadable  a success without the documented fields, or with a status that Agora does not document
    ├── AgoraRefused    a retry without a change can't help
    │   ├── Unauthorized    401, `invalid_appid`, `appid is invalid`
    │   ├── Rejected        400/2, `invalid_channel_name`, any other 4xx
    │   ├── AccountInactive 400/405
    │   └── Overloaded      400/406: too many recorders at once
    ├── NotFound        404/404: the recorder is not found now (moving, or gone)
    ├── Leaving         400/49 to a stop: the recorder is leaving or has left
    ├── NothingRecorded 206/435 to a stop: the recorder is gone, and recorded nothing
    ├── AlreadyStarted  201/7 to a start: it runs, perhaps under an unknown sid
    ├── TaskConflict    400/53 to a start: this channel is already recorded with this uid
    └── NoWorker        500/502 to a start: acquire another resource and start again

`400/2` is HTTP status 400 with Agora's code 2.
"""

from __future__ import annotations


class PersonError(Exception):
    """A person asked for something impossible. `str()` is the reply to that person, not yet escaped."""


class InvalidChannelName(PersonError):
    """Agora does not allow this name for a channel."""


class SystemFailure(Exception):
    """A failure that the person can't fix by typing something else."""


class StorageUnavailable(SystemFailure):
    """The database can't be read or written now."""


class DatabaseNewer(SystemFailure):
    """A newer version of this program has migrated the tables; this one must not use them."""


class LeaseLost(SystemFailure):
    """Another replica leads; nothing was written."""


class NotificationRefused(SystemFailure):
    """A request to Agora's webhook is not accepted. The text contains nothing of its body."""


class WrongSignature(NotificationRefused):
    """It is not signed with the secret that the bot shares with Agora."""


class MalformedNotification(NotificationRefused):
    """It is not the JSON that Agora documents. The text names the field."""


class SlackError(SystemFailure):
    """Slack did not accept a message. `error` is Slack's error code, such as `not_in_channel`; `needed` is the missing
    scope; `retry_after` is in seconds."""

    def __init__(self, error: str, *, needed: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(error if needed is None else f"{error} (needed: {needed})")
        self.error = error
        self.needed = needed
        self.retry_after = retry_after


class SlackRefused(SlackError):
    """A retry does not help."""


class SlackBusy(SlackError):
    """A retry may help, not before `retry_after` if Slack gave one."""


class SlackUnanswered(SlackBusy):
    """No answer came. Slack may have carried out the request, or may do so later."""


class SlackPaced(SlackBusy):
    """Not sent: the bot's own rate limit allows the next message in this channel in `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("paced", retry_after=retry_after)


class BucketError(SystemFailure):
    """The bucket could not be read. `code` is the storage's error code, such as `AccessDenied`.

    Without an answer of the storage the code is ours: `NoConnection`, `NoAnswer`, … The text never contains a secret.
    """

    def __init__(self, code: str, explanation: str = "") -> None:
        super().__init__(f"{code}: {explanation}" if explanation else code)
        self.code = code


class BucketUnreachable(BucketError):
    """No connection, no answer in time, 5xx, SlowDown. A retry can help."""


class BucketDenied(BucketError):
    """The storage knows the key, but the key may not do this."""


class BucketWrong(BucketError):
    """No such bucket, unknown key, wrong signature, wrong region: the settings are wrong."""


class ObjectMissing(BucketError):
    """There is no object with this key."""


class AgoraError(SystemFailure):
    """Agora's answer is not a success, or there is no answer.

    `http_status` and `code` are Agora's, or None without an answer. `retry_after` is in seconds. `sent` is False if the
    request surely did not reach Agora.
    """

    retry = False
    sent = True

    def __init__(
        self,
        reason: str,
        *,
        http_status: int | None = None,
        code: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.http_status = http_status
        self.code = code
        self.reason = reason
        self.retry_after = retry_after
        super().__init__(reason)

    def __str__(self) -> str:
        if self.http_status is None:
            return self.reason
        code = "" if self.code is None else f", code {self.code}"
        return f"HTTP {self.http_status}{code}: {self.reason}"


class AgoraSilent(AgoraError):
    """Nothing is known about the recording. A retry can help."""

    retry = True


class NotSent(AgoraSilent):
    """No connection to Agora."""

    sent = False


class NoAnswer(AgoraSilent):
    """The request was sent and not answered. Agora may have carried it out."""


class ServerFault(AgoraSilent):
    """5xx."""


class Unfinished(AgoraSilent):
    """206/65, 504/62, 500/62: the request reached the backend, which did not finish it in time."""


class RateLimited(AgoraSilent):
    """429. The request was not carried out."""


class NotRouted(AgoraSilent):
    """404 without Agora's code, or an answer that is not Agora's: the URL is wrong, or a proxy answered."""


class Unreadable(NotRouted):
    """A success that can't be read. It says nothing about the recorder, however often it comes."""


class AgoraRefused(AgoraError):
    """Agora understood the request and will not carry it out."""


class Unauthorized(AgoraRefused):
    """Wrong REST credentials, or an App ID that is not enabled for cloud recording."""


class Rejected(AgoraRefused):
    """A wrong parameter, or another 4xx that Agora does not explain."""


class AccountInactive(AgoraRefused):
    """The Agora account is inactive or unpaid."""


class Overloaded(AgoraRefused):
    """More recorders than the App ID may have at once."""


class NotFound(AgoraError):
    """404/404: the recorder is being moved to another server, or it is gone."""


class Leaving(AgoraError):
    """400/49: the recorder is leaving or has left."""


class NothingRecorded(AgoraError):
    """206/435: the recorder is gone, and recorded nothing."""


class AlreadyStarted(AgoraError):
    """201/7: this resource was started before. `sid` if Agora named it."""

    def __init__(self, reason: str, *, sid: str | None = None, **status: int | None) -> None:
        super().__init__(reason, **status)
        self.sid = sid


class TaskConflict(AgoraError):
    """400/53: this channel is already recorded with this uid."""


class NoWorker(AgoraError):
    """500/502: Agora has no worker for this resource."""
