"""A workspace T1, and people whom Slack tells about, or not."""

from __future__ import annotations

from dataclasses import dataclass, field

from recordings.service.access import Access, Profile


@dataclass
class Workspace:
    """`people` are those that Slack tells about."""

    people: dict[str, Profile] = field(default_factory=dict)
    home: frozenset[str] = frozenset({"T1"})
    guests: bool = False
    asked: list[str] = field(default_factory=list)

    def who_is(self, user: str, /) -> Profile | None:
        self.asked.append(user)
        return self.people.get(user)

    @property
    def rights(self) -> Access:
        return Access(self.guests, self.who_is, lambda: self.home)


def everybody() -> Access:
    """Everybody may."""
    return Workspace(guests=True).rights
