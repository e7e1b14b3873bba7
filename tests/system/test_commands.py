"""What people type: everybody gets an answer at once, for themselves alone, and only sense reaches Agora."""

from __future__ import annotations

from simulator.slack import Interaction
from tests.system.conftest import Stack, event, payload, words

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


def told(stack: Stack, interaction: Interaction) -> str:
    """What came later, through the command's response_url."""
    stack.slack.wait_for(lambda: interaction.responses, what="words for the person")
    return words(interaction)


def test_what_makes_no_sense_is_answered_to_the_person_alone_and_reaches_nobody_else(stack: Stack) -> None:
    stack.start()
    for text in BAD:
        said = quick(stack.command(text))
        assert said, text
        assert "<!" not in said.replace("<!date", ""), text
        assert "Reference" not in said, text
        assert len(said) < 1000, text
    assert len(BAD) > 30
    assert stack.slack.messages("daily") == []
    assert stack.agora.requests() == []
    assert stack.slack.calls_of("chat.postMessage") == []


def test_a_mention_as_slack_sends_it_is_refused_with_a_hint(stack: Stack) -> None:
    stack.start()
    shape = stack.command("help").payload
    for mention in ("<@U1|ana>", "<@U1>", "<#C1|daily>", "<#C1|>", "<!channel>", "<!here>", "<!subteam^S1|@ops>"):
        for verb in ("start", "stop", "status", "list"):
            answer = stack.slack.send_envelope("slash_commands", {**shape, "text": f"{verb} {mention}"}).response
            assert "mention" in answer["text"]
            assert f"/record {verb} daily" in answer["text"]
            assert answer["response_type"] == "ephemeral"
    assert stack.slack.messages("daily") == []
    assert stack.agora.requests() == []


def test_help_names_every_command_and_a_mistyped_one_gets_the_nearest(stack: Stack) -> None:
    stack.start()
    for text in ("help", "HELP", "help me"):
        said = quick(stack.command(text))
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
        assert f"`/record {meant}`" in quick(stack.command(typed))
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


def test_a_name_that_agora_allows_is_recorded_as_it_was_typed(stack: Stack) -> None:
    stack.start()
    for number, (typed, name) in enumerate(ALLOWED.items()):
        room = stack.room(f"room{number}")
        said = quick(stack.command(f"start {typed}", channel=room))
        card = stack.wait_card("recording", channel=room)
        assert payload(card)["agora_channel"] == name
        assert [seen.channel for seen in stack.agora.requests("acquire")][-1] == name
        assert "<!" not in (card.said + said + card.text).replace("<!date", "")
        quick(stack.command(f"stop {typed}", channel=room))
    stack.wait_agora(lambda agora: not agora.running())


def test_without_a_name_a_channel_lends_its_own(stack: Stack) -> None:
    stack.start()
    stack.slack.invite_bot("design")
    for channel in ("daily", "design"):
        quick(stack.command("start", channel=channel))
        assert payload(stack.wait_card("recording", channel=channel))["agora_channel"] == channel


def test_where_the_name_cannot_be_known_it_is_asked_for(stack: Stack) -> None:
    stack.start()
    ana = stack.slack.person("ana")
    in_private = quick(stack.command("start", channel="design"))
    in_direct = quick(stack.command("start", channel=ana.direct.id))
    assert in_private == in_direct
    assert "`/record start daily`" in in_private
    assert stack.agora.requests() == []
    stack.command("start daily", channel=ana.direct.id)
    card = stack.wait_card("recording", channel=ana.direct.id)
    assert payload(card)["slack_channel"] == ana.direct.id
    stack.command("stop", channel=ana.direct.id)
    stack.wait_card("ended", channel=ana.direct.id)


def test_a_private_channel_without_the_bot_gets_the_words_to_invite_it_and_nothing_is_recorded(stack: Stack) -> None:
    stack.start()
    asked = stack.command("start daily", channel="design")
    quick(asked)
    told(stack, asked)
    said = asked.responses[0]
    assert said.ephemeral_to == asked.user.id
    assert f"`/invite @{stack.slack.bot.name}`" in said.said
    assert "`/record start daily`" in said.said
    assert stack.slack.messages("design") == []
    assert stack.agora.requests() == []
    # The channel is free: after the invitation the same words work.
    stack.slack.invite_bot("design")
    quick(stack.command("start daily", channel="design"))
    stack.wait_card("recording", channel="design")
    assert len(asked.responses) == 1


def test_a_public_channel_without_the_right_to_post_gets_the_words_to_invite_it(stack: Stack) -> None:
    stack.slack.scopes.remove("chat:write.public")
    stack.slack.remove_bot("general")
    stack.start()
    asked = stack.command("start daily", channel="general")
    assert f"/invite @{stack.slack.bot.name}" in told(stack, asked)
    assert stack.agora.requests() == []


def test_a_missing_scope_and_other_refusals_say_so_and_nothing_is_recorded(stack: Stack) -> None:
    stack.start()
    stack.slack.scopes.remove("chat:write")
    asked = stack.command("start daily")
    assert "missing_scope (needed: chat:write)" in told(stack, asked)
    stack.slack.scopes.append("chat:write")
    for error in ("is_archived", "restricted_action", "account_inactive", "token_revoked"):
        stack.slack.faults.add("chat.postMessage", error=error, times=1)
        refused = stack.command("start daily")
        told(stack, refused)
        assert "nothing was recorded" in words(refused)
    assert stack.agora.requests() == []
    assert stack.slack.messages("daily") == []


def test_starting_what_runs_here_links_to_its_card_and_starts_nothing(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    said = quick(stack.command("start daily", by="ben"))
    assert f"/archives/{stack.slack.workspace.channel('daily').id}/p{card.ts.replace('.', '')}" in said
    assert stack.cards() == [card]
    assert len(stack.agora.recorders()) == 1


def test_what_another_channel_records_is_no_more_than_that(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.slack.add_person("dee", channels=["general"])
    said = quick(stack.command("start daily", by="dee", channel="general"))
    assert "already recorded from another channel" in said
    for secret in (
        "ana",
        stack.slack.person("ana").id,
        stack.slack.workspace.channel("daily").id,
        "archives",
        "date^",
    ):
        assert secret not in said
    for text in ("status", "status daily", "stop", "stop daily"):
        said = quick(stack.command(text, by="dee", channel="general"))
        assert stack.slack.person("ana").id not in said
        assert "archives" not in said
    stack.after_queries(2)
    assert len(stack.agora.running()) == 1
    assert stack.slack.messages("general") == []


def test_a_button_pressed_in_another_channel_stops_nothing(stack: Stack) -> None:
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
    quick(listed)
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
    said = quick(stack.command("stop", by="ben"))
    assert "`one`" in said
    stack.wait_card("ended", agora="one")


def test_stop_with_a_name_stops_only_that_one(stack: Stack) -> None:
    stack.start()
    stack.recording("one")
    stack.recording("two")
    quick(stack.command("stop one", by="ben"))
    stack.wait_card("ended", agora="one")
    assert [recorder.channel for recorder in stack.agora.running()] == ["two"]


def test_stopping_what_is_over_shows_how_it_ended(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.command("stop", by="ben")
    stack.wait_card("ended")
    for text in ("stop", "stop daily"):
        said = quick(stack.command(text))
        assert f"stopped by {stack.slack.person('ben').mention}" in said
        assert "archives" in said
    assert stack.slack.find_messages("daily", event_type="recording_card", state="ended") == stack.cards()


def test_status_tells_what_runs_and_then_how_it_ended(stack: Stack) -> None:
    stack.start()
    stack.recording()
    for text in ("status", "status daily"):
        said = quick(stack.command(text, by="ben"))
        assert "`daily`" in said
        assert "recording" in said
        assert stack.slack.person("ana").mention in said
        assert "<!date^" in said
    stack.command("stop", by="ben")
    stack.wait_card("ended")
    assert "stopped by" in quick(stack.command("status"))


def test_a_name_of_another_recording_that_is_over_is_not_said_to_be_the_only_one(stack: Stack) -> None:
    stack.start()
    stack.recording("first")
    stack.command("stop first")
    stack.wait_card("ended", agora="first")
    stack.recording("second")
    for text in ("stop first", "status first"):
        assert "Nothing is being recorded here" not in quick(stack.command(text))


def test_commands_are_answered_while_slacks_web_api_hangs(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.slack.faults.add("*", hang=True)
    for text in ("status", "stop", "start other", "help", "start"):
        said = words(stack.command(text))
        assert said
    assert stack.command("start", channel="design").acknowledged


def test_the_same_envelope_twice_changes_nothing_the_second_time(stack: Stack) -> None:
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


def test_another_language_of_button_or_an_unknown_payload_is_survived(stack: Stack) -> None:
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
