"""What is counted while the bot works, as a Protocol, and one that counts nothing."""

from __future__ import annotations

from typing import Protocol


class Meter(Protocol):
    """Counts; never fails. Labels are words of the program, never names of channels or people."""

    def step(self, work: str, seconds: float, outcome: str) -> None:
        """One step of one kind of work: `done`, or the name of the error."""

    def agora_call(self, operation: str, seconds: float, outcome: str) -> None:
        """One request to Agora: `ok`, or the name of the error."""

    def bucket_look(self, seconds: float, outcome: str) -> None:
        """One look for the files of a recording: `ok`, or the name of the error."""

    def alert(self, kind: str, reason: str, outcome: str) -> None:
        """`delivered`, `redirected` to a person, or `undeliverable`."""

    def notice_missed(self) -> None:
        """A notice of Agora's that should have come did not."""

    def unknown_uid(self) -> None:
        """Somebody with a uid of the recorders' range whom no row knows."""

    def notice(self, event: str, outcome: str) -> None:
        """One notification of Agora's: its event as a number or `other`; `kept`, `repeated`, `ignored`, `malformed`,
        `refused`, `limited` or `unavailable`."""


class NoMeter:
    """Counts nothing."""

    def step(self, work: str, seconds: float, outcome: str) -> None: ...
    def agora_call(self, operation: str, seconds: float, outcome: str) -> None: ...
    def bucket_look(self, seconds: float, outcome: str) -> None: ...
    def alert(self, kind: str, reason: str, outcome: str) -> None: ...
    def notice_missed(self) -> None: ...
    def unknown_uid(self) -> None: ...
    def notice(self, event: str, outcome: str) -> None: ...
