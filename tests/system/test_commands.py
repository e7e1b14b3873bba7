"""What people type: everybody gets an answer at once, for themselves alone, and only sense reaches Agora."""

from __future__ import annotations

from simulator.slack import Interaction
from tests.system.conftest import Office, event, payload, words

BAD = [
    "start " + "a" * 65,
    "start " + "a" * 5000,
    "start \u00fc\u00f6\u00e4",
    "start \u65e5\u672c\u8a9e",
    "start \U0001f389",
    "start :tada:",
    "start da\u200bily",
    "start daily\x07",
    "start \x00",
    "start \x1b[31mdaily",
    "start da\u202eily",
    "start @ben",
    "start #general",
    "start @ana",
    "start @channel",
    "start @everyone",
    "start #daily",
    "start https://example.com/?a=b",
    'start "',
    'start ""',
    'start "   "',
    'start "daily',
    'start da"ily',
    'start "daily" now',
    'start "one" "two"',
    "start two words",
    "start daily'; DROP TABLE recordings;--",
    "start daily';DROP/**/TABLE/**/recordings;--",
    "start ../../etc/passwd",
    "start daily\\",
    "start `daily`",
    "start *daily*",
    "start daily/1",
    "start $(reboot)'",
    "start \u201c\u201d",
    "stop two words",
    "stop @channel",
    'stop "',
    "stop nowhere",
    "stop",
    "status two words",
    "status @ana",
    "status nowhere",
    "list two words",
    "list @ana",
    "list nowhere",
    "list",
    "frobnicate",
    "start\u200b daily",
    "@channel",
    "@ana",
    "#daily",
    ":tada:",
    "DROP TABLE recordings",
    "--help",
    "x" * 8000,
    "*" * 3000,
    "<!channel>",
    "`" * 100,
    '"start daily"',
]


def quick(interaction: Interaction) -> str:
    """The words of an answer that came within a second."""
    said = words(interaction)
    assert interaction.reply is not None
    assert interaction.latency is not None
    assert interaction.latency < 1
    return said


def told(office: Office, interaction: Interaction) -> str:
    """What came later, through the command's response_url."""
    office.slack.wait_for(lambda: interaction.responses, what="words for the person")
    return words(interaction)


def test_what_makes_no_sense_is_answered_to_the_person_alone_and_reaches_nobody_else(office: Office) -> None:
    office.start()
    for text in BAD:
        said = quick(office.command(text))
        assert said, text
        assert "<!" not in said.replace("<!date", ""), text
        assert "Reference" not in said, text
        assert len(said) < 1000, text
    assert len(BAD) > 30
    assert office.slack.messages("daily") == []
    assert office.agora.requests() == []
    assert office.slack.calls_of("chat.postMessage") == []


def test_a_mention_as_slack_sends_it_is_refused_with_a_hint(office: Office) -> None:
    office.start()
    shape = office.command("help").payload
    for mention in ("<@U1|ana>", "<@U1>", "<#C1|daily>", "<#C1|>", "<!channel>", "<!here>", "<!subteam^S1|@ops>"):
        for verb in ("start", "stop", "status", "list"):
            answer = office.slack.send_envelope("slash_commands", {**shape, "text": f"{verb} {mention}"}).response
            assert "mention" in answer["text"]
            assert f"/record {verb} daily" in answer["text"]
            assert answer["response_type"] == "ephemeral"
    assert office.slack.messages("daily") == []
    assert office.agora.requests() == []


def test_help_names_every_command_and_a_mistyped_one_gets_the_nearest(office: Office) -> None:
    office.start()
    for text in ("help", "HELP", "help me"):
        said = quick(office.command(text))
        assert all(f"/record {verb}" in said for verb in ("start", "status", "stop", "list", "help"))
    for typed, meant in {
        "strat daily": "start",
        "sotp": "stop",
        "staus": "status",
        "hlep": "help",
        "end": "stop",
        "lst": "list",
        "again": "start",
    }.items():
        assert f"`/record {meant}`" in quick(office.command(typed))
    assert office.agora.requests() == []


ALLOWED = {
    "daily": "daily",
    "  spaces  ": "spaces",
    '"team call"': "team call",
    "\u201ctypographic quotes\u201d": "typographic quotes",
    "a<b>&c": "a<b>&c",
    '"@all hands!"': "@all hands!",
    "<!channel": "<!channel",
    "x" * 64: "x" * 64,
    "_it_": "_it_",
    "~no~": "~no~",
    "a:b;c": "a:b;c",
}


def test_a_name_that_agora_allows_is_recorded_as_it_was_typed(office: Office) -> None:
    office.start()
    for number, (typed, name) in enumerate(ALLOWED.items()):
        room = office.room(f"room{number}")
        said = quick(office.command(f"start {typed}", channel=room))
        card = office.wait_card("recording", channel=room)
        assert payload(card)["agora_channel"] == name
        assert [seen.channel for seen in office.agora.requests("acquire")][-1] == name
        assert "<!" not in (card.said + said + card.text).replace("<!date", "")
        quick(office.command(f"stop {typed}", channel=room))
    office.wait_agora(lambda agora: not agora.running())


def test_without_a_name_a_channel_lends_its_own(office: Office) -> None:
    office.start()
    office.slack.invite_bot("design")
    for channel in ("daily", "design"):
        quick(office.command("start", channel=channel))
        assert payload(office.wait_card("recording", channel=channel))["agora_channel"] == channel


def test_where_the_name_cannot_be_known_it_is_asked_for(office: Office) -> None:
    office.start()
    ana = office.slack.person("ana")
    in_private = quick(office.command("start", channel="design"))
    in_direct = quick(office.command("start", channel=ana.direct.id))
    assert in_private == in_direct
    assert "`/record start daily`" in in_private
    assert office.agora.requests() == []
    office.command("start daily", channel=ana.direct.id)
    card = office.wait_card("recording", channel=ana.direct.id)
    assert payload(card)["slack_channel"] == ana.direct.id
    office.command("stop", channel=ana.direct.id)
    office.wait_card("ended", channel=ana.direct.id)


def test_a_private_channel_without_the_bot_gets_the_words_to_invite_it_and_nothing_is_recorded(office: Office) -> None:
    office.start()
    asked = office.command("start daily", channel="design")
    quick(asked)
    told(office, asked)
    said = asked.responses[0]
    assert said.ephemeral_to == asked.user.id
    assert f"`/invite @{office.slack.bot.name}`" in said.said
    assert "`/record start daily`" in said.said
    assert office.slack.messages("design") == []
    assert office.agora.requests() == []
    # The channel is free: after the invitation the same words work.
    office.slack.invite_bot("design")
    quick(office.command("start daily", channel="design"))
    office.wait_card("recording", channel="design")
    assert len(asked.responses) == 1


def test_a_public_channel_without_the_right_to_post_gets_the_words_to_invite_it(office: Office) -> None:
    office.slack.scopes.remove("chat:write.public")
    office.slack.remove_bot("general")
    office.start()
    asked = office.command("start daily", channel="general")
    assert f"/invite @{office.slack.bot.name}" in told(office, asked)
    assert office.agora.requests() == []


def test_a_missing_scope_and_other_refusals_say_so_and_nothing_is_recorded(office: Office) -> None:
    office.start()
    office.slack.scopes.remove("chat:write")
    asked = office.command("start daily")
    assert "missing_scope (needed: chat:write)" in told(office, asked)
    office.slack.scopes.append("chat:write")
    for error in ("is_archived", "restricted_action", "account_inactive", "token_revoked"):
        office.slack.faults.add("chat.postMessage", error=error, times=1)
        refused = office.command("start daily")
        told(office, refused)
        assert "nothing was recorded" in words(refused)
    assert office.agora.requests() == []
    assert office.slack.messages("daily") == []


def test_starting_what_runs_here_links_to_its_card_and_starts_nothing(office: Office) -> None:
    office.start()
    card = office.recording()
    said = quick(office.command("start daily", by="ben"))
    assert f"/archives/{office.slack.workspace.channel('daily').id}/p{card.ts.replace('.', '')}" in said
    assert office.cards() == [card]
    assert len(office.agora.recorders()) == 1


def test_what_another_channel_records_is_no_more_than_that(office: Office) -> None:
    office.start()
    office.recording()
    office.slack.add_person("dee", channels=["general"])
    said = quick(office.command("start daily", by="dee", channel="general"))
    assert "already recorded from another channel" in said
    for secret in (
        "ana",
        office.slack.person("ana").id,
        office.slack.workspace.channel("daily").id,
        "archives",
        "date^",
    ):
        assert secret not in said
    for text in ("status", "status daily", "stop", "stop daily"):
        said = quick(office.command(text, by="dee", channel="general"))
        assert office.slack.person("ana").id not in said
        assert "archives" not in said
    office.after_queries(2)
    assert len(office.agora.running()) == 1
    assert office.slack.messages("general") == []


def test_a_button_pressed_in_another_channel_stops_nothing(office: Office) -> None:
    office.start()
    card = office.recording()
    office.recording("other", channel="general")
    # The card's button, as if it had been copied into another channel.
    general = office.cards("general")[0]
    general.blocks = [dict(block) for block in card.blocks]
    office.press_stop(general, by="ben")
    office.after_queries(6)
    assert len(office.agora.running()) == 2


def test_with_several_running_stop_asks_which_one(office: Office) -> None:
    office.start()
    office.recording("one")
    office.recording("two")
    listed = office.command("stop", by="ben")
    quick(listed)
    assert listed.reply is not None
    assert "one" in listed.reply.said
    assert "two" in listed.reply.said
    assert len(office.agora.running()) == 2
    ids = {payload(card)["agora_channel"]: payload(card)["recording_id"] for card in office.cards()}
    press = office.slack.person("ben").press(listed.reply, "stop_recording", ids["two"])
    assert press.acknowledged
    assert press.confirm is not None
    over = office.wait_card("ended", agora="two")
    assert office.slack.person("ben").mention in over.said
    assert [recorder.channel for recorder in office.agora.running()] == ["one"]
    said = quick(office.command("stop", by="ben"))
    assert "`one`" in said
    office.wait_card("ended", agora="one")


def test_stop_with_a_name_stops_only_that_one(office: Office) -> None:
    office.start()
    office.recording("one")
    office.recording("two")
    quick(office.command("stop one", by="ben"))
    office.wait_card("ended", agora="one")
    assert [recorder.channel for recorder in office.agora.running()] == ["two"]


def test_stopping_what_is_over_shows_how_it_ended(office: Office) -> None:
    office.start()
    office.recording()
    office.command("stop", by="ben")
    office.wait_card("ended")
    for text in ("stop", "stop daily"):
        said = quick(office.command(text))
        assert f"stopped by {office.slack.person('ben').mention}" in said
        assert "archives" in said
    assert office.slack.find_messages("daily", event_type="recording_card", state="ended") == office.cards()


def test_status_tells_what_runs_and_then_how_it_ended(office: Office) -> None:
    office.start()
    office.recording()
    for text in ("status", "status daily"):
        said = quick(office.command(text, by="ben"))
        assert "`daily`" in said
        assert "recording" in said
        assert office.slack.person("ana").mention in said
        assert "<!date^" in said
    office.command("stop", by="ben")
    office.wait_card("ended")
    assert "stopped by" in quick(office.command("status"))


def test_a_name_of_another_recording_that_is_over_is_not_said_to_be_the_only_one(office: Office) -> None:
    office.start()
    office.recording("first")
    office.command("stop first")
    office.wait_card("ended", agora="first")
    office.recording("second")
    for text in ("stop first", "status first"):
        assert "Nothing is being recorded here" not in quick(office.command(text))


def test_commands_are_answered_while_slacks_web_api_hangs(office: Office) -> None:
    office.start()
    office.recording()
    office.slack.faults.add("*", hang=True)
    for text in ("status", "stop", "start other", "help", "start"):
        said = words(office.command(text))
        assert said
    assert office.command("start", channel="design").acknowledged


def test_the_same_envelope_twice_changes_nothing_the_second_time(office: Office) -> None:
    office.start()
    office.agora.join("daily", 1001)
    asked = office.command("start daily")
    asked.repeat()
    office.wait_red()
    assert len(office.cards()) == 1
    stop = office.command("stop", by="ben")
    stop.repeat()
    office.wait_card("ended")
    assert len(office.agora.recorders()) == 1
    assert [event(message) for message in office.slack.messages("daily")] == ["recording_card"]


def test_another_language_of_button_or_an_unknown_payload_is_survived(office: Office) -> None:
    office.start()
    card = office.recording()
    shown = [dict(block) for block in card.blocks]
    for value in ("", "nonsense", "'; DROP TABLE recordings;--", "x" * 2000):
        card.blocks = [{"type": "actions", "block_id": "b", "elements": [
            {"type": "button", "action_id": "stop_recording", "value": value,
             "text": {"type": "plain_text", "text": "Stop"}}]}]  # fmt: skip
        press = office.press_stop(card)
        assert press.acknowledged
    card.blocks = shown
    office.after_queries(3)
    assert len(office.agora.running()) == 1
