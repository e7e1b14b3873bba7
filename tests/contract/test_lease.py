"""One replica leads at a time, and whoever takes over starts a new epoch."""

from __future__ import annotations

from tests.contract.conftest import Stores
from tests.fakes.rows import NOW, at

LEASE = 15.0


def test_whoever_comes_second_waits(stores: Stores) -> None:
    assert stores.lease("second").hold(at(1), LEASE) is None


def test_the_leader_renews_within_its_epoch(stores: Stores) -> None:
    assert stores.lease("first").hold(at(5), LEASE) == stores.epoch
    assert stores.lease("second").hold(at(16), LEASE) is None, "fifteen seconds from the renewal on"


def test_a_lease_is_taken_over_when_it_has_expired_and_not_before(stores: Stores) -> None:
    assert stores.lease("second").hold(at(14.9), LEASE) is None
    assert stores.lease("second").hold(at(15), LEASE) == stores.epoch + 1


def test_a_leader_that_was_succeeded_follows(stores: Stores) -> None:
    stores.lease("second").hold(at(15), LEASE)

    assert stores.lease("first").hold(at(16), LEASE) is None


def test_a_leader_that_comes_back_leads_in_a_new_epoch(stores: Stores) -> None:
    stores.lease("second").hold(at(15), LEASE)

    assert stores.lease("first").hold(at(30), LEASE) == stores.epoch + 2


def test_a_leader_that_nobody_succeeded_goes_on_in_its_epoch(stores: Stores) -> None:
    assert stores.lease("first").hold(at(100), LEASE) == stores.epoch


def test_a_lease_that_is_handed_over_is_free_at_once(stores: Stores) -> None:
    stores.lease("first").release(at(1))

    assert stores.lease("second").hold(at(1), LEASE) == stores.epoch + 1


def test_only_the_leader_can_hand_it_over(stores: Stores) -> None:
    stores.lease("second").release(NOW)

    assert stores.lease("second").hold(at(1), LEASE) is None


def test_it_tells_when_a_leader_last_renewed_it(stores: Stores) -> None:
    assert stores.lease("second").renewed_at() == NOW
    stores.lease("first").hold(at(5), LEASE)
    stores.lease("second").hold(at(6), LEASE)

    assert stores.lease("second").renewed_at() == at(5)
