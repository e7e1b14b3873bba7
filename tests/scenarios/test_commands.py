"""What people type: each gets an answer of their own at once, and only a valid command reaches Agora."""

from __future__ import annotations

from simulator.slack import Interaction
from tests.scenarios.stack import Stack, event, payload, words

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


def reply(interaction: Interaction) -> str:
    """What the answer to the command itself says, before anything else has happened."""
    said = words(interaction)
    assert interaction.reply is not None
    return said


def later(stack: Stack, interaction: Interaction) -> str:
    """Everything that the person has read once something came through the command's response_url."""
    stack.wait_for(lambda: interaction.responses, what="a later answer")
    return words(interaction)


def test_an_invalid_command_is_answered_to_its_author_alone(stack: Stack) -> None:
    stack.start()
    for text in BAD:
        said = reply(stack.command(text))
        assert said, text
        assert "<!" not in said.replace("<!date", ""), text
        assert "Error" not in said, text
        assert len(said) < 1000, text
    assert len(BAD) > 30
    assert stack.slack.messages("daily") == []
    assert stack.agora.requests() == []
    assert stack.slack.calls_of("chat.postMessage") == []


def test_a_mention_instead_of_a_name_is_refused_with_a_hint(stack: Stack) -> None:
    stack.start()
    shape = stack.command("help").payload
    for mention in ("<@U1|ana>", "<@U1>", "<#C1|general>", "<#C1|>", "<!channel>", "<!here>", "<!subteam^S1|@ops>"):
        for verb in ("start", "stop", "status", "list"):
            answer = stack.slack.send_envelope("slash_commands", {**shape, "text": f"{verb} {mention}"}).response
            assert "mention" in answer["text"]
            assert (f"`/record {verb} general`" in answer["text"]) is ("general" in mention)
            assert "daily" not in answer["text"]
            assert answer["response_type"] == "ephemeral"
    assert stack.slack.messages("daily") == []
    assert stack.agora.requests() == []


def test_help_names_every_command_and_a_mistyped_one_gets_the_nearest(stack: Stack) -> None:
    stack.start()
    for text in ("help", "HELP", "help me"):
        said = reply(stack.command(text))
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
        assert f"`/record {meant}" in reply(stack.command(typed))
    assert stack.agora.requests() == []


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


def test_a_name_that_agora_allows_is_recorded_as_typed(stack: Stack) -> None:
    stack.start()
    for number, (typed, name) in enumerate(ALLOWED.items()):
        room = stack.room(f"room{number}")
        said = reply(stack.command(f"start {typed}", channel=room))
        card = stack.wait_card("recording", channel=room)
        assert payload(card)["agora_channel"] == name
        assert [seen.channel for seen in stack.agora.requests("acquire")][-1] == name
        assert "<!" not in (card.said + said + card.text).replace("<!date", "")
        reply(stack.command(f"stop {typed}", channel=room))
    stack.wait_agora(lambda agora: not agora.running())


def test_without_a_name_the_channels_own_name_is_used(stack: Stack) -> None:
    stack.start()
    stack.slack.invite_bot("design")
    for channel in ("daily", "design"):
        reply(stack.command("start", channel=channel))
        assert payload(stack.wait_card("recording", channel=channel))["agora_channel"] == channel


def test_where_the_bot_does_not_know_the_channels_name_it_asks_for_one(stack: Stack) -> None:
    stack.start()
    ana = stack.slack.person("ana")
    assert "Type /record start and the name of the call" in reply(stack.command("start", channel=ana.direct.id))
    assert stack.agora.requests() == []
    stack.command("start daily", channel=ana.direct.id)
    card = stack.wait_card("recording", channel=ana.direct.id)
    assert payload(card)["slack_channel"] == ana.direct.id
    stack.command("stop", channel=ana.direct.id)
    stack.wait_card("ended", channel=ana.direct.id)


def test_in_a_private_channel_the_answer_says_how_to_invite_the_bot(
    stack: Stack,
) -> None:
    stack.start()
    for text in ("start", "start daily", "start daily for 45m"):
        asked = stack.command(text, channel="design")
        said = reply(asked)
        assert "I'm not in this channel yet, so nothing was recorded." in said
        assert f"`/invite @{stack.slack.bot.name}`" in said
        stack.run_for(5)
        assert asked.responses == [], "the first answer is the only one"
    assert stack.rows("design") == []
    assert stack.slack.messages("design") == []
    assert stack.agora.requests() == []
    # The channel is free: after the invitation the same words work.
    stack.slack.invite_bot("design")
    reply(stack.command("start daily", channel="design"))
    stack.wait_card("recording", channel="design")


def test_in_a_private_channel_the_invitation_comes_later_if_slack_did_not_say_so_before(stack: Stack) -> None:
    stack.start()
    stack.slack.faults.add("conversations.info", hang=True)
    asked = stack.command("start daily", channel="design")
    assert "Starting to record" in reply(asked)
    later(stack, asked)
    assert f"`/invite @{stack.slack.bot.name}`" in asked.responses[0].said
    assert asked.responses[0].ephemeral_to == asked.user.id


def test_in_a_public_channel_where_it_may_not_post_as_well(stack: Stack) -> None:
    stack.slack.scopes.remove("chat:write.public")
    stack.slack.remove_bot("general")
    stack.start()
    asked = stack.command("start daily", channel="general")
    assert f"/invite @{stack.slack.bot.name}" in later(stack, asked)
    assert stack.agora.requests() == []


def test_when_slack_refuses_the_card_nothing_is_recorded_and_the_answer_says_why(stack: Stack) -> None:
    stack.start()
    stack.slack.scopes.remove("chat:write")
    asked = stack.command("start daily")
    assert "missing_scope (needed: chat:write)" in later(stack, asked)
    stack.slack.scopes.append("chat:write")
    for error in ("is_archived", "restricted_action", "account_inactive", "token_revoked"):
        stack.slack.faults.add("chat.postMessage", error=error, times=1)
        refused = stack.command("start daily")
        later(stack, refused)
        assert "nothing was recorded" in words(refused)
    assert stack.agora.requests() == []
    assert stack.slack.messages("daily") == []


def test_starting_a_running_recording_again_links_to_its_card(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    said = reply(stack.command("start daily", by="ben"))
    assert f"/archives/{stack.slack.workspace.channel('daily').id}/p{card.ts.replace('.', '')}" in said
    assert stack.cards() == [card]
    assert len(stack.agora.recorders()) == 1


def test_of_a_recording_in_another_channel_people_learn_nothing_but_that_it_exists(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.slack.add_person("dee", channels=["general"])
    said = reply(stack.command("start daily", by="dee", channel="general"))
    assert "Someone is already recording *daily* from another channel" in said
    for secret in (
        "ana",
        stack.slack.person("ana").id,
        stack.slack.workspace.channel("daily").id,
        "archives",
        "date^",
    ):
        assert secret not in said
    for text in ("status", "status daily", "stop", "stop daily"):
        said = reply(stack.command(text, by="dee", channel="general"))
        assert stack.slack.person("ana").id not in said
        assert "archives" not in said
    stack.after_queries(2)
    assert len(stack.agora.running()) == 1
    assert stack.slack.messages("general") == []


def test_a_card_copied_into_another_channel_stops_nothing(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.recording("other", channel="general")
    # The card's button, as if it had been copied into another channel.
    general = stack.cards("general")[0]
    general.blocks = [dict(block) for block in card.blocks]
    stack.press_stop(general, by="ben")
    stack.after_queries(6)
    assert len(stack.agora.running()) == 2


def test_with_several_running_stop_asks_which_one(stack: Stack) -> None:
    stack.start()
    stack.recording("one")
    stack.recording("two")
    listed = stack.command("stop", by="ben")
    reply(listed)
    assert listed.reply is not None
    assert "one" in listed.reply.said
    assert "two" in listed.reply.said
    assert len(stack.agora.running()) == 2
    ids = {payload(card)["agora_channel"]: payload(card)["recording_id"] for card in stack.cards()}
    press = stack.slack.person("ben").press(listed.reply, "stop_recording", ids["two"])
    assert press.acknowledged
    assert press.confirm is not None
    over = stack.wait_card("ended", agora="two")
    assert stack.slack.person("ben").mention in over.said
    assert [recorder.channel for recorder in stack.agora.running()] == ["one"]
    said = reply(stack.command("stop", by="ben"))
    assert "*one*" in said
    stack.wait_card("ended", agora="one")


def test_stop_with_a_name_stops_only_that_one(stack: Stack) -> None:
    stack.start()
    stack.recording("one")
    stack.recording("two")
    reply(stack.command("stop one", by="ben"))
    stack.wait_card("ended", agora="one")
    assert [recorder.channel for recorder in stack.agora.running()] == ["two"]


def test_stopping_an_ended_recording_shows_how_it_ended(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.command("stop", by="ben")
    stack.wait_card("ended")
    for text in ("stop", "stop daily"):
        said = reply(stack.command(text))
        assert f"stopped by {stack.slack.person('ben').mention}" in said
        assert "archives" in said
    assert stack.slack.find_messages("daily", event_type="recording_card", state="ended") == stack.cards()


def test_status_shows_a_running_recording_and_later_how_it_ended(stack: Stack) -> None:
    stack.start()
    stack.recording()
    for text in ("status", "status daily"):
        said = reply(stack.command(text, by="ben"))
        assert "*daily* · Recording since" in said
        assert stack.slack.person("ana").mention in said
        assert "<!date^" in said
    stack.command("stop", by="ben")
    stack.wait_card("ended")
    assert "stopped by" in reply(stack.command("status"))


def test_an_ended_recording_does_not_hide_a_running_one(stack: Stack) -> None:
    stack.start()
    stack.recording("first")
    stack.command("stop first")
    stack.wait_card("ended", agora="first")
    stack.recording("second")
    for text in ("stop first", "status first"):
        assert "Nothing's being recorded here" not in reply(stack.command(text))


def test_commands_are_answered_while_slacks_web_api_does_not_answer(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.slack.faults.add("*", hang=True)
    for text in ("status", "stop", "start other", "help", "start"):
        said = words(stack.command(text))
        assert said
    assert stack.command("start", channel="design").acknowledged


def test_a_request_that_slack_delivers_twice_is_handled_once(stack: Stack) -> None:
    stack.start()
    stack.agora.join("daily", 1001)
    asked = stack.command("start daily")
    asked.repeat()
    stack.wait_red()
    assert len(stack.cards()) == 1
    stop = stack.command("stop", by="ben")
    stop.repeat()
    stack.wait_card("ended")
    assert len(stack.agora.recorders()) == 1
    assert [event(message) for message in stack.slack.messages("daily")] == ["recording_card"]


def test_a_button_with_an_unknown_value_stops_nothing(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    shown = [dict(block) for block in card.blocks]
    for value in ("", "nonsense", "'; DROP TABLE recordings;--", "x" * 2000):
        card.blocks = [{"type": "actions", "block_id": "b", "elements": [
            {"type": "button", "action_id": "stop_recording", "value": value,
             "text": {"type": "plain_text", "text": "Stop"}}]}]  # fmt: skip
        press = stack.press_stop(card)
        assert press.acknowledged
    card.blocks = shown
    stack.after_queries(3)
    assert len(stack.agora.running()) == 1
