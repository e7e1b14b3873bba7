"""The recordings of a Slack channel, page by page."""

from __future__ import annotations

from recordings.model.listing import Cursor
from recordings.model.recording import Recording
from recordings.service.lookup import page
from tests.contract.conftest import Stored
from tests.fakes.rows import at, over, up


def recorded(stored: Stored, *numbers: int, **facts: str) -> list[Recording]:
    """A recording for each number, requested that many seconds after `NOW`."""
    return [stored.added(over(id=f"rec{n:02}", requested_at=at(n), agora_channel=f"call{n}", **facts)) for n in numbers]


def all_pages(stored: Stored, channel: str = "C1", name: str | None = None) -> list[list[str]]:
    """The ids on each page, from the first to the last."""
    pages, after = [], None
    while True:
        one = page(stored.recordings, channel, name, after)
        pages.append([recording.id for recording in one.recordings])
        if one.next is None:
            return pages
        after = Cursor.read(str(one.next))


def test_every_recording_is_on_exactly_one_page_newest_first(stored: Stored) -> None:
    recorded(stored, *range(23))
    pages = all_pages(stored)

    assert [len(ids) for ids in pages] == [10, 10, 3]
    assert [row for ids in pages for row in ids] == [f"rec{n:02}" for n in reversed(range(23))]


def test_there_is_no_empty_page_after_a_full_last_one(stored: Stored) -> None:
    recorded(stored, *range(10))
    assert [len(ids) for ids in all_pages(stored)] == [10]


def test_recordings_of_the_same_moment_are_on_exactly_one_page_each(stored: Stored) -> None:
    for n in range(23):
        stored.added(over(id=f"rec{n:02}", requested_at=at(n // 12 + 0.25), agora_channel=f"call{n}"))
    rows = [row for ids in all_pages(stored) for row in ids]

    assert sorted(rows) == [f"rec{n:02}" for n in range(23)]


def test_new_recordings_do_not_shift_the_next_page(stored: Stored) -> None:
    recorded(stored, *range(15))
    first = page(stored.recordings, "C1", None, None)
    recorded(stored, *range(20, 30))
    second = page(stored.recordings, "C1", None, first.next)

    assert [r.id for r in second.recordings] == [f"rec{n:02}" for n in reversed(range(5))]
    assert second.next is None


def test_a_list_is_limited_to_its_slack_channel_and_agora_channel(stored: Stored) -> None:
    recorded(stored, 1, 2, 3)
    recorded(stored, 4, slack_channel="C2")
    stored.added(up(id="again", requested_at=at(9), agora_channel="call2"))

    assert all_pages(stored) == [["again", "rec03", "rec02", "rec01"]]
    assert all_pages(stored, "C2") == [["rec04"]]
    assert all_pages(stored, "C9") == [[]]
    assert all_pages(stored, name="call2") == [["again", "rec02"]]
    strange = Cursor(at(100), "x", None)
    assert [r.id for r in page(stored.recordings, "C2", None, strange).recordings] == ["rec04"], (
        "a cursor opens nothing"
    )
