"""One replica leads at a time, and each new leader begins a new epoch."""

from __future__ import annotations

from tests.contract.conftest import Stored
from tests.fakes.rows import NOW, at

LEASE = 15.0


def test_a_second_replica_does_not_get_a_lease_that_is_held(stored: Stored) -> None:
    assert stored.lease("second").hold(at(1), LEASE) is None


def test_the_leader_renews_within_its_epoch(stored: Stored) -> None:
    assert stored.lease("first").hold(at(5), LEASE) == stored.epoch
    assert stored.lease("second").hold(at(16), LEASE) is None, "fifteen seconds from the renewal on"


def test_another_replica_takes_a_lease_once_it_has_expired(stored: Stored) -> None:
    assert stored.lease("second").hold(at(14.9), LEASE) is None
    assert stored.lease("second").hold(at(15), LEASE) == stored.epoch + 1


def test_a_former_leader_does_not_get_the_lease_of_its_successor(stored: Stored) -> None:
    stored.lease("second").hold(at(15), LEASE)

    assert stored.lease("first").hold(at(16), LEASE) is None


def test_a_former_leader_that_leads_again_begins_a_new_epoch(stored: Stored) -> None:
    stored.lease("second").hold(at(15), LEASE)

    assert stored.lease("first").hold(at(30), LEASE) == stored.epoch + 2


def test_a_leader_without_a_successor_renews_an_expired_lease_in_its_epoch(stored: Stored) -> None:
    assert stored.lease("first").hold(at(100), LEASE) == stored.epoch


def test_a_released_lease_is_free_at_once(stored: Stored) -> None:
    stored.lease("first").release(at(1))

    assert stored.lease("second").hold(at(1), LEASE) == stored.epoch + 1


def test_only_the_leader_can_release_the_lease(stored: Stored) -> None:
    stored.lease("second").release(NOW)

    assert stored.lease("second").hold(at(1), LEASE) is None


def test_every_replica_sees_when_a_leader_last_renewed_the_lease(stored: Stored) -> None:
    assert stored.lease("second").renewed_at() == NOW
    stored.lease("first").hold(at(5), LEASE)
    stored.lease("second").hold(at(6), LEASE)

    assert stored.lease("second").renewed_at() == at(5)
