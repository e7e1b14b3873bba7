"""What `bot.py check` prints: failures first, a summary last, colors on request, and JSON."""

from __future__ import annotations

import json

from doctor.report import as_json, as_text, exit_code
from doctor.results import CheckResult, failed, note, passed, sentences, skipped

OK = passed("database", "can be written to")
SKIPPED = skipped("slack scopes", "slack bot token")
NOTED = note("agora webhook", "off")
FAILED = failed("slack bot token", "Slack says invalid_auth", "Check SLACK_BOT_TOKEN: OAuth & Permissions.")
ALL = [OK, SKIPPED, NOTED, FAILED]


def test_failures_come_first_then_notes_skips_and_what_is_right() -> None:
    assert as_text(ALL).splitlines() == [
        "FAIL  Slack bot token   Slack says invalid_auth. Check SLACK_BOT_TOKEN: OAuth & Permissions.",
        "note  Agora webhook     off",
        "skip  Slack scopes      not tested, since slack bot token failed",
        "ok    Database          can be written to",
        "1 of 4 checks failed: Slack bot token",
    ]


def test_a_summary_says_how_to_go_on() -> None:
    assert as_text([OK, NOTED]).splitlines()[-1] == "All 2 checks passed. Start the bot: make run"
    assert exit_code([OK, NOTED, SKIPPED]) == 0
    assert exit_code(ALL) == 1


def test_a_result_is_one_line_whatever_its_detail_holds() -> None:
    assert len(as_text([failed("database", "no\n\tconnection")]).splitlines()) == 2


def test_an_app_id_is_written_as_agora_writes_it() -> None:
    assert as_text([passed("agora app id", "is a project")]).startswith("ok    Agora App ID ")


def test_colors_mark_the_words_and_nothing_else() -> None:
    colored = as_text(ALL, colored=True)

    assert colored.startswith("\x1b[1;31mFAIL\x1b[0m  Slack bot token ")
    assert "\x1b" not in as_text(ALL)


def test_json_lists_every_check_in_order_with_the_setting_to_look_at() -> None:
    shown = json.loads(as_json(ALL))

    assert [item["status"] for item in shown] == ["ok", "skip", "note", "fail"]
    assert shown[-1] == {
        "check": "slack_bot_token",
        "status": "fail",
        "detail": "Slack says invalid_auth. Check SLACK_BOT_TOKEN: OAuth & Permissions.",
        "setting": "SLACK_BOT_TOKEN",
    }
    assert shown[0]["setting"] is None


def test_words_that_end_with_a_full_stop_get_no_second_one() -> None:
    assert sentences("does not exist in our records.", "Check it.") == "does not exist in our records. Check it."
    assert sentences("accepting TCP/IP connections?", "Check it.") == "accepting TCP/IP connections? Check it."
    assert CheckResult("a", OK.status, "b").ok
