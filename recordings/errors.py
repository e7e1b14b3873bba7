"""Everything that can go wrong, in two families that never mix.

PersonError             somebody typed or pressed something that can't be done; the text says what to do instead
├── InvalidChannelName      no Agora channel can have this name
├── NotAllowed              a setting does not allow it: `recordings.service.access`
├── NothingHere             this Slack channel has no such recording: `recordings.service.lookup`
├── NotAMember, NoFiles     there are no links for this person, or none at all: `recordings.service.links`
├── UsageError, UnknownVerb the command can't be understood: `handlers.commands.usage`
SystemFailure           something of ours, of Agora's or of Slack's failed
├── StorageUnavailable  the database could not be read or written
├── DatabaseNewer       the tables are those of a newer program
├── LeaseLost           another replica leads; what this one wanted to write was not written
├── SlackError          Slack did not take a message
│   ├── SlackRefused    and it never will: archived, not in the channel, token revoked, …
│   └── SlackBusy       not now: 429, 5xx, no answer
│       └── SlackPaced  not sent yet, so as to keep to Slack's pace
├── BucketError         the bucket could not be looked into; `code` is the storage's own word (AccessDenied)
│   ├── BucketUnreachable   no connection, no answer in time, 5xx, SlowDown: asking again makes sense
│   ├── BucketDenied        the key is known and may not do this (403 AccessDenied and alike)
│   ├── BucketWrong         no such bucket, unknown key, wrong signature or region: the settings are wrong
│   └── ObjectMissing       there is no object with this key
└── AgoraError          an answer of Agora that is not a success, or no answer
    ├── AgoraSilent     nothing is known of the recording; asking again makes sense
    │   ├── NotSent     no connection: the request did not reach Agora
    │   ├── NoAnswer    sent, but no answer came: it may have been carried out
    │   ├── ServerFault 5xx
    │   ├── Unfinished  206/65 and 504/62, 500/62: reached the backend, outcome unknown
    │   ├── RateLimited 429
    │   └── NotRouted   404 without Agora's own code 404, or a body that is not Agora's
    ├── AgoraRefused    asking again without a change makes no sense
    │   ├── Unauthorized    401, `invalid_appid`, `appid is invalid`
    │   ├── Rejected        400/2, `invalid_channel_name`, any other 4xx
    │   ├── AccountInactive 400/405
    │   └── Overloaded      400/406: too many recorders at once
    ├── NotFound        404/404: not found just now (moving, or over)
    ├── Leaving         400/49 to a stop: it is leaving or has left
    ├── NothingRecorded 206/435 to a stop: over, nothing was recorded
    ├── AlreadyStarted  201/7 to a start: it runs, perhaps under a sid that we don't know
    ├── TaskConflict    400/53 to a start: this channel and uid are recorded already
    └── NoWorker        500/502 to a start: acquire and start anew
"""

from __future__ import annotations


class PersonError(Exception):
    """Somebody asked for what can't be done. `str()` of it is the reply, in plain words, not yet escaped."""


class InvalidChannelName(PersonError):
    """The name can't be the name of an Agora channel."""


class SystemFailure(Exception):
    """Something failed that the person can't mend by typing something else."""


class StorageUnavailable(SystemFailure):
    """The database can't be read or written just now."""


class DatabaseNewer(SystemFailure):
    """A newer version of this program has changed the tables; this one must not touch them."""


class LeaseLost(SystemFailure):
    """Another replica leads now; nothing was written."""


class SlackError(SystemFailure):
    """Slack did not take a message. `error` is Slack's own word for it, such as `not_in_channel`."""

    def __init__(self, error: str, *, needed: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(error if needed is None else f"{error} (needed: {needed})")
        self.error = error
        self.needed = needed
        self.retry_after = retry_after


class SlackRefused(SlackError):
    """Trying again does not help."""


class SlackBusy(SlackError):
    """Trying again later may help; `retry_after` in seconds where Slack gave one."""


class SlackPaced(SlackBusy):
    """Not sent: the bot keeps to Slack's pace, and the channel's turn comes in `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("paced", retry_after=retry_after)


class BucketError(SystemFailure):
    """The bucket could not be looked into. `code` is the storage's own word for it, such as `AccessDenied`.

    Where the storage said nothing the word is ours: `NoConnection`, `NoAnswer`, … The text never shows a secret.
    """

    def __init__(self, code: str, explanation: str = "") -> None:
        super().__init__(f"{code}: {explanation}" if explanation else code)
        self.code = code


class BucketUnreachable(BucketError):
    """No connection, no answer in time, 5xx, SlowDown. Asking again makes sense."""


class BucketDenied(BucketError):
    """The key is known to the storage and may not do this."""


class BucketWrong(BucketError):
    """No such bucket, unknown key, wrong signature, wrong region: the settings are wrong."""


class ObjectMissing(BucketError):
    """There is no object with this key."""


class AgoraError(SystemFailure):
    """An answer of Agora that is no success, or none at all.

    `http_status`, `code` and `reason` are Agora's own (None where there was no answer), `retry_after` is in
    seconds. `sent` is False where the request surely never reached Agora.
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
    """Nothing is known of the recording; asking again makes sense."""

    retry = True


class NotSent(AgoraSilent):
    """No connection to Agora."""

    sent = False


class NoAnswer(AgoraSilent):
    """The request was sent; no answer came. It may have been carried out."""


class ServerFault(AgoraSilent):
    """5xx."""


class Unfinished(AgoraSilent):
    """206/65, 504/62, 500/62: the request reached the backend, which did not finish in time."""


class RateLimited(AgoraSilent):
    """429. The request was not carried out."""


class NotRouted(AgoraSilent):
    """404 without Agora's code, or an answer that is not Agora's: our URL, or something in between."""


class AgoraRefused(AgoraError):
    """Agora understood the request and will not carry it out."""


class Unauthorized(AgoraRefused):
    """Wrong REST credential, or App ID not enabled for cloud recording."""


class Rejected(AgoraRefused):
    """A parameter is wrong, or another 4xx that Agora does not explain."""


class AccountInactive(AgoraRefused):
    """The Agora account is inactive or unpaid."""


class Overloaded(AgoraRefused):
    """More recorders than the App ID may have at once."""


class NotFound(AgoraError):
    """404 with code 404: not found just now. It is being moved to another server, or it is over."""


class Leaving(AgoraError):
    """400/49: it is leaving or has left."""


class NothingRecorded(AgoraError):
    """206/435: over, and nothing had been recorded."""


class AlreadyStarted(AgoraError):
    """201/7: this resource has started already. `sid` where Agora named it."""

    def __init__(self, reason: str, *, sid: str | None = None, **status: int | None) -> None:
        super().__init__(reason, **status)
        self.sid = sid


class TaskConflict(AgoraError):
    """400/53: this channel and uid are recorded already."""


class NoWorker(AgoraError):
    """500/502: no worker; acquire and start anew."""
