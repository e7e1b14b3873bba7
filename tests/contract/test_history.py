"""What was asked for in a Slack channel, page by page; the recorders of a recording; who is on an alert."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from recordings.lifecycle.actions import Change
from recordings.model.alerts import AlertKind, AlertName, Taken, TakenAlert
from recordings.model.audit import Act, Deed, Source
from recordings.model.listing import Cursor, page
from recordings.model.recording import Recording
from tests.contract.conftest import Stores
from tests.fakes.rows import NOW, a_recorder, an_alert, at, over, running, up


def recorded(stores: Stores, *numbers: int, **facts: str) -> list[Recording]:
    """One for each number, asked for so many seconds after another."""
    return [stores.added(over(id=f"rec{n:02}", requested_at=at(n), agora_channel=f"call{n}", **facts)) for n in numbers]


def walked(stores: Stores, channel: str = "C1", name: str | None = None) -> list[list[str]]:
    """The ids on each page, until there is no next one."""
    pages, after = [], None
    while True:
        found = page(stores.recordings, channel, name, after)
        pages.append([recording.id for recording in found.recordings])
        if found.next is None:
            return pages
        after = Cursor.read(str(found.next))


def test_every_recording_is_on_one_page_the_newest_first(stores: Stores) -> None:
    recorded(stores, *range(23))
    pages = walked(stores)

    assert [len(each) for each in pages] == [10, 10, 3]
    assert [row for each in pages for row in each] == [f"rec{n:02}" for n in reversed(range(23))]


def test_a_page_that_is_full_to_the_brim_has_none_behind_it(stores: Stores) -> None:
    recorded(stores, *range(10))
    assert [len(each) for each in walked(stores)] == [10]


def test_those_of_the_same_moment_are_neither_lost_nor_shown_twice(stores: Stores) -> None:
    for n in range(23):
        stores.added(over(id=f"rec{n:02}", requested_at=at(n // 12 + 0.25), agora_channel=f"call{n}"))
    rows = [row for each in walked(stores) for row in each]

    assert sorted(rows) == [f"rec{n:02}" for n in range(23)]


def test_new_ones_that_come_meanwhile_move_nothing(stores: Stores) -> None:
    recorded(stores, *range(15))
    first = page(stores.recordings, "C1", None, None)
    recorded(stores, *range(20, 30))
    second = page(stores.recordings, "C1", None, first.next)

    assert [r.id for r in second.recordings] == [f"rec{n:02}" for n in reversed(range(5))]
    assert second.next is None


def test_only_what_was_asked_for_in_this_channel_and_of_this_name_is_listed(stores: Stores) -> None:
    recorded(stores, 1, 2, 3)
    recorded(stores, 4, slack_channel="C2")
    stores.added(up(id="again", requested_at=at(9), agora_channel="call2"))

    assert walked(stores) == [["again", "rec03", "rec02", "rec01"]]
    assert walked(stores, "C2") == [["rec04"]]
    assert walked(stores, "C9") == [[]]
    assert walked(stores, name="call2") == [["again", "rec02"]]
    strange = Cursor(at(100), "x", None)
    assert [r.id for r in page(stores.recordings, "C2", None, strange).recordings] == ["rec04"], (
        "a cursor opens nothing"
    )


def test_every_recorder_of_a_recording_is_known_the_oldest_first(stores: Stores) -> None:
    recording = stores.added(up())
    second = a_recorder(id="rec1.2", created_at=at(5))
    first = running(wanted=False, gone_at=at(4))
    stores.saved(recording, Change(recording, recorders=(second, first)))
    stores.saved(recording, Change(recording, recorders=(a_recorder(id="rec2.1", recording_id="rec2"),)))

    assert stores.recorders.of_recording("rec1") == [first, second]
    assert stores.recorders.of_recording("nobody") == []


FAILED = an_alert(up())
NAME = AlertName.of(FAILED)


def alerted(stores: Stores) -> None:
    recording = stores.added(up())
    stores.saved(recording, Change(recording, alerts=(FAILED,)))


def test_the_first_who_says_so_is_on_it_and_whoever_comes_later_hears_who(stores: Stores) -> None:
    alerted(stores)
    first = TakenAlert(FAILED, Taken("U2", at(5)))

    assert stores.outbox.take(NAME, "C1", Taken("U2", at(5))) == first
    assert stores.outbox.take(NAME, "C1", Taken("U3", at(9))) == first
    assert stores.outbox.take(NAME, "C1", Taken("U2", at(9))) == first


def test_of_many_at_once_one_is_first_and_all_hear_of_the_same(stores: Stores) -> None:
    alerted(stores)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: stores.outbox.take(NAME, "C1", Taken(f"U{n}", at(n))), range(8)))

    assert len({each.taken.by for each in found if each}) == 1


def test_an_alert_of_another_channel_or_one_that_is_not_there_is_not_taken(stores: Stores) -> None:
    alerted(stores)

    assert stores.outbox.take(NAME, "C2", Taken("U2", NOW)) is None
    assert stores.outbox.take(AlertName("rec1", AlertKind.WARNING, "lost"), "C1", Taken("U2", NOW)) is None
    assert stores.outbox.take(AlertName("nobody", AlertKind.FAILED, "lost"), "C1", Taken("U2", NOW)) is None
    kept = stores.outbox.take(NAME, "C1", Taken("U3", NOW))
    assert kept is not None
    assert kept.taken.by == "U3"


def test_an_alert_that_is_taken_is_delivered_all_the_same_whoever_leads(stores: Stores) -> None:
    alerted(stores)
    stores.outbox.take(NAME, "C1", Taken("U2", NOW))
    (job,) = stores.outbox.waiting()
    epoch = stores.succeed()
    stores.outbox.take(NAME, "C1", Taken("U3", NOW))
    stores.outbox.delivered(job.id, "1.0", NOW, epoch)

    assert job.alert == FAILED
    assert stores.outbox.waiting() == []
    assert stores.outbox.take(NAME, "C1", Taken("U3", NOW)) == TakenAlert(FAILED, Taken("U2", NOW))


def test_taking_an_alert_is_an_act_of_whoever_was_first(stores: Stores) -> None:
    alerted(stores)
    act = Act(at=at(5), who="U2", what=Deed.TOOK_ALERT, source=Source.BUTTON, recording_id="rec1", slack_channel="C1")
    stores.outbox.take(NAME, "C1", Taken("U2", at(5)), act)
    stores.outbox.take(NAME, "C1", Taken("U3", at(9)), replace(act, who="U3"))

    assert stores.acts.all() == [act]
