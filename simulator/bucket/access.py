"""Access to the bucket: keys, permissions and faults."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.bucket import signing
from simulator.bucket.errors import ERRORS, S3Error
from simulator.bucket.request import ACTIONS, S3Request


@dataclass
class Refusal:
    """The next matching requests get this error."""

    code: str
    times: int | None = None
    """Number of requests; None: until cleared."""
    method: str | None = None

    def __post_init__(self) -> None:
        if self.code not in ERRORS:
            raise ValueError(f"code must be one of {', '.join(ERRORS)}")

    def takes(self, method: str) -> bool:
        """Whether this request gets the error; it is counted then."""
        if self.times == 0 or self.method not in (None, method):
            return False
        self.times = None if self.times is None else self.times - 1
        return True


@dataclass
class Access:
    """The keys and the faults in force. Callers hold the simulator's lock."""

    bucket: str
    keys: dict[str, str]
    refusals: list[Refusal] = field(default_factory=list)
    denials: set[tuple[str, str | None]] = field(default_factory=set)
    """Actions, and the access key that they are denied to; None: to every key."""
    hanging: bool = False
    """Whether requests get no answer."""

    def deny(self, action: str, access_key: str | None) -> None:
        """Deny an action to everybody, or to one key."""
        if action not in ACTIONS:
            raise ValueError(f"action must be one of {', '.join(ACTIONS)}")
        self.denials.add((action, access_key))

    def clear(self) -> None:
        """End every fault."""
        self.refusals.clear()
        self.denials.clear()
        self.hanging = False

    def admit(self, request: S3Request, now: float) -> str:
        """The access key of an allowed request; S3Error for any other."""
        for refusal in self.refusals:
            if refusal.takes(request.method):
                raise S3Error(refusal.code)
        access_key = signing.verify(request, self.keys, now)
        if request.bucket and request.bucket != self.bucket:
            raise S3Error("NoSuchBucket")
        if request.action is None or self.denied(request.action, access_key):
            raise S3Error("AccessDenied")
        return access_key

    def denied(self, action: str, access_key: str) -> bool:
        """Whether an action is denied to that key."""
        return not self.denials.isdisjoint({(action, None), (action, access_key)})
