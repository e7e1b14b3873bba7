"""One replica leads at a time, and whoever takes over starts a new epoch."""

from __future__ import annotations

from tests.contract.conftest import Stored
from tests.fakes.rows import NOW, at

LEASE = 15.0


def test_whoever_comes_second_waits(stored: Stored) -> None:
    assert stored.lease("second").hold(at(1), LEASE) is None


def test_the_leader_renews_within_its_epoch(stored: Stored) -> None:
    assert stored.lease("first").hold(at(5), LEASE) == stored.epoch
    assert stored.lease("second").hold(at(16), LEASE) is None, "fifteen seconds from the renewal on"


def test_a_lease_is_taken_over_when_it_has_expired_and_not_before(stored: Stored) -> None:
    assert stored.lease("second").hold(at(14.9), LEASE) is None
    assert stored.lease("second").hold(at(15), LEASE) == stored.epoch + 1


def test_a_leader_that_was_succeeded_follows(stored: Stored) -> None:
    stored.lease("second").hold(at(15), LEASE)

    assert stored.lease("first").hold(at(16), LEASE) is None


def test_a_leader_that_comes_back_leads_in_a_new_epoch(stored: Stored) -> None:
    stored.lease("second").hold(at(15), LEASE)

    assert stored.lease("first").hold(at(30), LEASE) == stored.epoch + 2


def test_a_leader_that_nobody_succeeded_goes_on_in_its_epoch(stored: Stored) -> None:
    assert stored.lease("first").hold(at(100), LEASE) == stored.epoch


def test_a_lease_that_is_handed_over_is_free_at_once(stored: Stored) -> None:
    stored.lease("first").release(at(1))

    assert stored.lease("second").hold(at(1), LEASE) == stored.epoch + 1


def test_only_the_leader_can_hand_it_over(stored: Stored) -> None:
    stored.lease("second").release(NOW)

    assert stored.lease("second").hold(at(1), LEASE) is None


def test_it_tells_when_a_leader_last_renewed_it(stored: Stored) -> None:
    assert stored.lease("second").renewed_at() == NOW
    stored.lease("first").hold(at(5), LEASE)
    stored.lease("second").hold(at(6), LEASE)

    assert stored.lease("second").renewed_at() == at(5)
