"""What listeners write: new recordings, and the wish to stop one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from recordings.lifecycle.actions import Change
from recordings.model.audit import Act, Deed, Source
from recordings.model.options import Layout, Media, Options, Resolution, Shown
from recordings.model.recording import HOLDS_CHANNEL, Reason, Recording, State
from tests.contract.conftest import Stores
from tests.fakes.rows import NOW, a_recording, an_alert, at, over, up


def test_a_new_recording_is_found_as_it_was_written(stores: Stores) -> None:
    wished = stores.added(a_recording(agora_channel="<&> daily", started_by="U7"))

    assert stores.recordings.recording("rec1") == wished


def test_an_unknown_recording_is_not_found(stores: Stores) -> None:
    assert stores.recordings.recording("nobody") is None
    assert stores.recordings.job("nobody") is None
    assert stores.recordings.card("nobody") is None
    assert stores.recordings.reply("nobody") is None


@pytest.mark.parametrize("state", sorted(HOLDS_CHANNEL))
def test_a_channel_that_is_taken_is_not_recorded_a_second_time(stores: Stores, state: State) -> None:
    holder = stores.added(a_recording(id="first", state=state))

    assert stores.recordings.add_recording(a_recording(id="second", slack_channel="C2"), None) == holder
    assert stores.recordings.recording("second") is None


@pytest.mark.parametrize("state", sorted(set(State) - HOLDS_CHANNEL))
def test_a_recording_that_is_over_or_uploading_leaves_its_channel_free(stores: Stores, state: State) -> None:
    stores.added(a_recording(id="first", state=state))

    assert stores.recordings.add_recording(a_recording(id="second"), None) is None


def test_channel_names_differ_by_case(stores: Stores) -> None:
    stores.added(a_recording(id="first", agora_channel="daily"))

    assert stores.recordings.add_recording(a_recording(id="second", agora_channel="Daily"), None) is None


def test_the_wish_to_stop_makes_the_row_due_at_once(stores: Stores) -> None:
    stores.added(up(next_step_at=at(30)))

    wished = stores.recordings.wish_stop("rec1", "U2", at(12))

    assert (wished.stop_wanted_by, wished.stop_wanted_at, wished.next_step_at) == ("U2", at(12), at(12))
    assert stores.now_is() == wished
    assert stores.recordings.due(10) == [("rec1", at(12))]


def test_the_first_wish_to_stop_counts(stores: Stores) -> None:
    stores.added(up())
    first = stores.recordings.wish_stop("rec1", "U2", at(12))

    assert stores.recordings.wish_stop("rec1", "U3", at(13)) == first


@pytest.mark.parametrize("state", sorted(set(State) - HOLDS_CHANNEL))
def test_what_is_over_takes_no_wish_to_stop(stores: Stores, state: State) -> None:
    stores.added(up(state=state))

    assert stores.recordings.wish_stop("rec1", "U2", at(12)) == stores.now_is() == up(state=state)


def test_a_stop_that_came_between_read_and_save_is_neither_lost_nor_overwritten(stores: Stores) -> None:
    before = stores.added(up())
    stores.recordings.wish_stop("rec1", "U2", at(12))

    after = stores.saved(before, replace(before, status=4, next_step_at=at(30)))

    assert (after.stop_wanted_by, after.stop_wanted_at, after.status) == ("U2", at(12), 4)
    assert after.next_step_at == NOW, "stays due"


def test_a_step_that_nobody_interrupted_says_when_it_comes_back(stores: Stores) -> None:
    before = stores.added(up())
    stores.recordings.wish_stop("rec1", "U2", at(12))
    wished = stores.now_is()
    assert wished.poked > before.poked

    assert stores.saved(wished, replace(wished, next_step_at=at(30))).next_step_at == at(30)


def test_recordings_of_a_slack_channel_come_newest_first(stores: Stores) -> None:
    for number, channel in enumerate(["C1", "C2", "C1", "C1"]):
        stores.added(over(id=f"r{number}", slack_channel=channel, agora_channel=f"a{number}", requested_at=at(number)))

    def found(**choice: str) -> list[str]:
        return [r.id for r in stores.recordings.of_channel("C1", agora_channel=choice.get("named"), most=2)]

    assert found() == ["r3", "r2"]
    assert found(named="a0") == ["r0"]
    assert found(named="a1") == [], "that is another Slack channel's"


def test_active_recordings_of_a_slack_channel_come_oldest_first(stores: Stores) -> None:
    stores.added(up(id="late", agora_channel="b", requested_at=at(2)))
    stores.added(up(id="early", agora_channel="a", requested_at=at(1), state=State.UPLOADING))
    stores.added(over(id="over", agora_channel="c"))
    stores.added(up(id="elsewhere", agora_channel="d", slack_channel="C2"))

    assert [r.id for r in stores.recordings.active_in("C1")] == ["early", "late"]
    assert {r.id for r in stores.recordings.active()} == {"early", "late", "elsewhere"}


def test_a_request_that_slack_delivers_again_starts_nothing(stores: Stores) -> None:
    stores.recordings.add_recording(over(id="first"), None, "trigger 1")

    assert stores.recordings.repeated("trigger 1") == over(id="first")
    assert stores.recordings.add_recording(a_recording(id="second"), None, "trigger 1") == over(id="first")
    assert stores.recordings.recording("second") is None


def test_a_request_that_stopped_something_is_known_again(stores: Stores) -> None:
    stores.added(up())
    stores.recordings.wish_stop("rec1", "U2", at(1), "trigger 2")

    assert stores.recordings.repeated("trigger 2") == stores.now_is()


def test_how_it_was_asked_for_is_written_down(stores: Stores) -> None:
    options = Options(media=Media.AUDIO, layout=Layout.SPEAKER, resolution=Resolution.P1080, lasts=2700.0)
    stores.added(a_recording(options=options))

    assert stores.now_is().options == options
    assert stores.saved(stores.now_is(), replace(stores.now_is(), tries=1)).options == options


# another layout


def test_a_layout_is_written_down_with_who_wants_it_and_makes_the_row_due(stores: Stores) -> None:
    stores.added(up(next_step_at=at(999), card_ts="1.1"))
    stores.recordings.card_drawn("rec1", 1, "1.1", NOW, stores.epoch)
    wish = {"layout_wanted": Layout.SPEAKER, "layout_wanted_by": "U2", "layout_wanted_at": at(50)}

    before, after = stores.recordings.wish_layout("rec1", Layout.SPEAKER, "U2", at(50), lambda row: True)

    assert before == up(next_step_at=at(999), card_ts="1.1")
    assert after == up(**wish, poked=1, next_step_at=at(50), card_ts="1.1")
    assert stores.now_is() == after
    assert [key for key, _ in stores.recordings.undrawn(9)] == ["rec1"]


def test_a_layout_that_changes_nothing_is_not_written_nor_its_request_kept(stores: Stores) -> None:
    stores.added(up())
    act = Act(
        at=at(50), who="U2", what=Deed.CHANGED_LAYOUT, source=Source.BUTTON, recording_id="rec1", slack_channel="C1"
    )
    unchanged = stores.recordings.wish_layout("rec1", Layout.GRID, "U2", at(50), lambda row: False, "press 1", act)

    assert unchanged == (up(), up())
    assert stores.recordings.repeated("press 1") is None
    assert stores.acts.all() == []


def test_the_same_choice_again_is_one_wish_and_one_act(stores: Stores) -> None:
    stores.added(up())
    act = Act(
        at=at(50), who="U2", what=Deed.CHANGED_LAYOUT, source=Source.BUTTON, recording_id="rec1", slack_channel="C1"
    )
    with ThreadPoolExecutor(4) as deliveries:
        for done in [
            deliveries.submit(
                stores.recordings.wish_layout, "rec1", Layout.SPEAKER, "U2", at(50), lambda row: True, "press 1", act
            )
            for _ in range(4)
        ]:
            done.result()

    assert stores.now_is().poked == 1
    assert stores.acts.all() == [act]


def test_a_step_neither_overwrites_a_layout_nor_puts_it_to_sleep(stores: Stores) -> None:
    before = stores.added(up())
    stores.recordings.wish_layout("rec1", Layout.SPEAKER, "U2", at(50), lambda row: True)
    shown = Shown(layout=Layout.GRID, big_uid=7, tries=2, due_at=at(60), refused_at=at(9))
    after = stores.saved(before, replace(before, shown=shown, next_step_at=at(999)))

    assert (after.layout_wanted, after.layout_wanted_by, after.layout_wanted_at) == (Layout.SPEAKER, "U2", at(50))
    assert (after.shown, after.next_step_at) == (shown, NOW)


# a later end


def half_an_hour_later(recording: Recording) -> datetime | None:
    return (recording.ends_at or at(3600)) + timedelta(minutes=30)


def test_a_later_end_is_written_down_with_who_wants_it_and_makes_the_row_due(stores: Stores) -> None:
    stores.added(up(next_step_at=at(999)))

    before, after = stores.recordings.wish_end("rec1", "U2", at(50), half_an_hour_later)

    assert before == up(next_step_at=at(999))
    assert after == up(ends_at=at(5400), extended_by="U2", poked=1, next_step_at=at(50))
    assert stores.now_is() == after


def test_a_later_end_makes_the_card_older_than_the_row(stores: Stores) -> None:
    stores.added(up(card_ts="1.1"))
    stores.recordings.card_drawn("rec1", 1, "1.1", NOW, stores.epoch)
    stores.recordings.wish_end("rec1", "U2", at(50), half_an_hour_later)

    assert [key for key, _ in stores.recordings.undrawn(9)] == ["rec1"]


def test_a_later_end_counts_from_the_row_as_it_is_then(stores: Stores) -> None:
    stores.added(up())
    for by in ("U2", "U3"):
        stores.recordings.wish_end("rec1", by, at(50), half_an_hour_later)

    assert (stores.now_is().ends_at, stores.now_is().extended_by) == (at(7200), "U3")


def test_people_who_press_at_once_all_count(stores: Stores) -> None:
    stores.added(up())
    with ThreadPoolExecutor(8) as people:
        for done in [
            people.submit(stores.recordings.wish_end, "rec1", f"U{n}", at(50), half_an_hour_later) for n in range(8)
        ]:
            before, after = done.result()
            assert half_an_hour_later(before) == after.ends_at

    assert (stores.now_is().ends_at, stores.now_is().poked) == (at(3600 + 8 * 1800), 8)


def test_where_no_later_end_can_be_nothing_is_written_and_the_request_not_kept(stores: Stores) -> None:
    stores.added(over())

    assert stores.recordings.wish_end("rec1", "U2", at(50), lambda row: None, "press 1") == (over(), over())
    assert stores.recordings.repeated("press 1") is None


def test_the_same_press_again_puts_the_end_off_once(stores: Stores) -> None:
    stores.added(up())
    with ThreadPoolExecutor(4) as deliveries:
        for done in [
            deliveries.submit(stores.recordings.wish_end, "rec1", "U2", at(50), half_an_hour_later, "press 1")
            for _ in range(4)
        ]:
            done.result()

    assert stores.now_is().ends_at == at(5400)
    assert stores.recordings.repeated("press 1") == stores.now_is()


def test_a_step_neither_overwrites_a_later_end_nor_puts_it_to_sleep(stores: Stores) -> None:
    before = stores.added(up())
    stores.recordings.wish_end("rec1", "U2", at(50), half_an_hour_later)
    after = stores.saved(before, replace(before, status=5, next_step_at=at(999)))

    assert (after.ends_at, after.extended_by, after.next_step_at) == (at(5400), "U2", NOW)


def test_the_end_that_has_come_is_not_written_where_somebody_put_it_off_meanwhile(stores: Stores) -> None:
    before = stores.added(up(ends_at=at(60)))
    _, extended = stores.recordings.wish_end("rec1", "U2", at(60), half_an_hour_later)
    stopping = replace(before, state=State.STOPPING, ending=Reason.TIME_LIMIT)
    alert = an_alert(stopping)

    assert stores.saved(before, Change(stopping, alerts=(alert,), unless_poked=True)) == extended
    assert stores.outbox.waiting() == []
    assert stores.saved(extended, Change(replace(extended, tries=1), unless_poked=True)).tries == 1


def test_requests_that_are_new_or_have_no_name_are_not_taken_for_others(stores: Stores) -> None:
    stores.recordings.add_recording(a_recording(), None, "trigger 1")
    stores.recordings.add_recording(a_recording(id="b", agora_channel="b"), None)
    stores.recordings.wish_stop("rec1", "U2", at(1))

    assert stores.recordings.repeated("trigger 9") is None
    assert stores.recordings.repeated(None) is None


def test_a_start_that_found_the_channel_taken_is_not_kept_as_a_request(stores: Stores) -> None:
    stores.added(a_recording())
    stores.recordings.add_recording(a_recording(id="second"), None, "trigger 1")

    assert stores.recordings.repeated("trigger 1") is None


@pytest.mark.parametrize(("hours", "known"), [(23, True), (25, False)])
def test_requests_are_forgotten_after_a_day(stores: Stores, hours: int, known: bool) -> None:
    stores.recordings.add_recording(a_recording(), None, "trigger 1")
    stores.recordings.forget_requests(at(hours * 3600))

    assert (stores.recordings.repeated("trigger 1") is not None) is known


def test_putting_off_an_end_is_an_act_once(stores: Stores) -> None:
    stores.added(up())
    act = Act(at=at(50), who="U2", what=Deed.EXTENDED, source=Source.BUTTON, recording_id="rec1", slack_channel="C1")
    for _ in range(2):
        stores.recordings.wish_end("rec1", "U2", at(50), half_an_hour_later, "press 1", act)
    stores.recordings.wish_end("rec1", "U3", at(60), lambda row: None, "press 2", replace(act, who="U3"))

    assert stores.acts.all() == [act]
