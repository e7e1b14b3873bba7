"""The users of a channel, and kicking rules."""

from __future__ import annotations

import pytest

from tests.unit.simulator.agora_client import ApiClient, api_client


@pytest.fixture
def agora() -> ApiClient:
    return api_client()


def test_a_channel_without_anybody_does_not_exist(agora: ApiClient) -> None:
    assert agora.users() == {"channel_exist": False}


def test_a_communication_channel_lists_its_users(agora: ApiClient) -> None:
    agora.simulator.join("a b#1?", 7)
    agora.simulator.join("a b#1?", 8, audio=False, video=False)
    assert agora.users("a b#1?") == {"channel_exist": True, "mode": 1, "total": 2, "users": [7, 8]}
    agora.simulator.leave("a b#1?")
    assert agora.users("a b#1?") == {"channel_exist": False}


def test_a_live_channel_lists_hosts_and_audience_apart() -> None:
    agora = api_client(profile="live")
    agora.simulator.join("daily", 7)
    agora.simulator.join("daily", 8, role="audience")
    hosts = {"channel_exist": True, "mode": 2, "broadcasters": [7]}
    assert agora.users() == {**hosts, "audience": [8], "audience_total": 1}
    assert agora.users(query="?hosts_only=1") == hosts


def test_recorders_are_listed_only_with_that_option(agora: ApiClient) -> None:
    for each, users in ((agora, [7]), (api_client(list_recorders=True), [7, 1001])):
        each.recorded()
        assert each.users()["users"] == users


def test_without_a_ban_a_person_who_was_thrown_out_can_rejoin_at_once(agora: ApiClient) -> None:
    agora.simulator.join("daily", 7)
    assert agora.kick(cname="daily", uid=7, time=0).body["status"] == "success"
    assert agora.users() == {"channel_exist": False}
    assert agora.simulator.join("daily", 7)


def test_a_ban_lasts_as_long_as_the_rule_says() -> None:
    cases: list[tuple[dict[str, object], int]] = [
        ({}, 3600),
        ({"time": 1}, 60),
        ({"time": 5000}, 86_400),
        ({"time_in_seconds": 1}, 10),
        ({"time_in_seconds": 30, "time": 60}, 30),
    ]
    for rule, seconds in cases:
        agora = api_client()
        agora.kick(cname="daily", uid=7, **rule)
        agora.clock.advance(seconds - 1)
        assert not agora.simulator.join("daily", 7)
        assert agora.simulator.join("daily", 8)
        assert agora.simulator.join("other", 7)
        agora.clock.advance(1)
        assert agora.simulator.join("daily", 7)


def test_a_recorder_that_is_thrown_out_ends(agora: ApiClient) -> None:
    task = agora.recorded()
    agora.kick(cname="daily", uid=1001, time=0)
    assert agora.status(task) is None
    assert agora.stop(task).code == 49
    assert agora.simulator.running() == []


def test_a_moved_recorder_is_thrown_out_by_its_new_uid_only(agora: ApiClient) -> None:
    task = agora.recorded()
    agora.simulator.move("daily", 10)
    agora.clock.advance(20)
    agora.kick(cname="daily", uid=1001, time=0)
    assert agora.status(task) is not None
    agora.kick(cname="daily", uid=agora.simulator.recorder("daily").channel_uid, time=0)
    assert agora.status(task) is None


def test_a_recorder_that_has_not_joined_can_be_banned_but_not_thrown_out(agora: ApiClient) -> None:
    early = agora.task(uid="1")
    agora.kick(cname="daily", uid=1, time=0)
    banned = agora.task(uid="2")
    agora.kick(cname="daily", uid=2, time_in_seconds=10)
    agora.clock.advance(5)
    assert agora.status(early) == 4
    assert agora.status(banned) == 3
    agora.clock.advance(60)
    assert agora.status(banned) is None


def test_a_rule_for_a_channel_alone_empties_it(agora: ApiClient) -> None:
    agora.simulator.join("daily", 7)
    task = agora.task()
    agora.clock.advance(5)
    agora.kick(cname="daily", time=0)
    assert agora.users() == {"channel_exist": False}
    assert agora.status(task) is None


def test_a_person_whose_microphone_is_taken_stays_in_the_channel(agora: ApiClient) -> None:
    agora.simulator.join("daily", 7)
    agora.kick(cname="daily", uid=7, privileges=["publish_audio"])
    (person,) = agora.simulator.people("daily")
    assert (person.audio, person.video) == (False, True)


def test_an_invalid_rule_is_refused(agora: ApiClient) -> None:
    cases: list[dict[str, object]] = [
        {"uid": "7"},
        {"uid": 0},
        {"uid": 2**32},
        {"uid": 7, "privileges": []},
        {"uid": 7, "privileges": ["fly"]},
        {"uid": 7, "time": "0"},
        {"uid": 7, "appid": "x"},
        {},
    ]
    for rule in cases:
        reply = agora.kick(**rule)
        assert (reply.status, list(reply.body)) == (400, ["message"])


def test_rules_are_listed_and_removed(agora: ApiClient) -> None:
    number = agora.kick(cname="daily", uid=7).body["id"]
    app = agora.simulator.account.app_id
    (rule,) = agora.send("GET", f"/dev/v1/kicking-rule?appid={app}").body["rules"]
    assert (rule["id"], rule["cname"], rule["uid"]) == (number, "daily", 7)
    assert agora.send("DELETE", "/dev/v1/kicking-rule", {"appid": app, "id": number}).body["status"] == "success"
    assert agora.simulator.join("daily", 7)
    assert agora.send("DELETE", "/dev/v1/kicking-rule", {"appid": app, "id": number}).status == 400


def test_equal_uids_throw_each_other_out(agora: ApiClient) -> None:
    agora.simulator.join("daily", 1001)
    task = agora.task()
    agora.clock.advance(5)
    assert agora.users() == {"channel_exist": False}
    agora.simulator.join("daily", 1001)
    assert agora.status(task) is None
    assert agora.simulator.recorder("daily").ended_by == "same_uid"


def test_a_rule_must_be_json(agora: ApiClient) -> None:
    agora.extra = {"content-type": "text/plain"}
    assert agora.kick(uid=7).status == 415
