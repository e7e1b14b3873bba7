"""Who may do what, and the faults that are laid: everything that is decided before the store is asked."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from simulator.bucket import signing
from simulator.bucket.errors import ERRORS, S3Error
from simulator.bucket.request import ACTIONS, Asking


@dataclass
class Refusal:
    """The next requests that it fits get this error."""

    code: str
    times: int | None = None
    """How many; None: until cleared."""
    method: str | None = None

    def __post_init__(self) -> None:
        if self.code not in ERRORS:
            raise ValueError(f"code must be one of {', '.join(ERRORS)}")

    def takes(self, method: str) -> bool:
        """Whether this request gets it, counted if so."""
        if self.times == 0 or self.method not in (None, method):
            return False
        self.times = None if self.times is None else self.times - 1
        return True


@dataclass
class Gate:
    """The keys and the faults in force; whoever uses it holds the simulator's lock."""

    bucket: str
    keys: dict[str, str]
    refusals: list[Refusal] = field(default_factory=list)
    denials: set[tuple[str, str | None]] = field(default_factory=set)
    """Actions, and the access key that may not do them; None: no key may."""
    hanging: threading.Event | None = None
    """Set when those that hang are let go."""

    def deny(self, action: str, access_key: str | None) -> None:
        """Nobody, or this key, may do that."""
        if action not in ACTIONS:
            raise ValueError(f"action must be one of {', '.join(ACTIONS)}")
        self.denials.add((action, access_key))

    def clear(self) -> None:
        """No faults any more."""
        self.refusals.clear()
        self.denials.clear()
        if self.hanging is not None:
            self.hanging.set()
            self.hanging = None

    def admit(self, asking: Asking, now: float) -> str:
        """The access key that may do this; S3Error where it may not be done."""
        for refusal in self.refusals:
            if refusal.takes(asking.method):
                raise S3Error(refusal.code)
        access_key = signing.verify(asking, self.keys, now)
        if asking.bucket and asking.bucket != self.bucket:
            raise S3Error("NoSuchBucket")
        if asking.action is None or self.denied(asking.action, access_key):
            raise S3Error("AccessDenied")
        return access_key

    def denied(self, action: str, access_key: str) -> bool:
        """Whether that key may not do this."""
        return not self.denials.isdisjoint({(action, None), (action, access_key)})
