"""`/record doctor`: who may run it, and whether the bot can post in the channel."""

from __future__ import annotations

from tests.scenarios.stack import Stack


def refusal(stack: Stack, *, by: str = "ana") -> str:
    """The first and only answer."""
    asked = stack.command("doctor", by=by)
    stack.run_for(5)
    assert asked.responses == []
    assert asked.reply is not None
    return asked.reply.said


def report(stack: Stack, *, by: str = "ana", channel: str = "daily") -> str:
    """What the person reads over the response_url."""
    asked = stack.command("doctor", by=by, channel=channel)
    stack.wait_for(lambda: asked.responses, what="the report")
    return asked.responses[-1].said


def test_somebody_who_is_no_admin_reads_who_may_and_nothing_is_checked(stack: Stack) -> None:
    stack.start()
    assert "Only workspace admins can run this." in refusal(stack, by="ben")
    assert stack.agora.requests("acquire") == []


def test_without_permission_to_look_up_admins_the_scope_is_named(stack: Stack) -> None:
    stack.slack.scopes.remove("users:read")
    stack.start()
    assert "`users:read`" in refusal(stack)


def test_a_channel_in_which_the_bot_can_not_post_is_the_only_fault(stack: Stack) -> None:
    stack.start()
    assert "✅ *Posting here* I'm in this channel" in report(stack)
    private = report(stack, channel="design")
    assert "❌ *Posting here*" in private
    assert f"/invite @{stack.slack.bot.name}" in private

    stack.slack.scopes.remove("chat:write.public")
    stack.slack.remove_bot("daily")
    removed = report(stack)
    assert removed.startswith("*❌ 1 of 1 check failed*"), removed
    assert "❌ *Posting here* I'm not in this channel" in removed
    assert removed.count("❌ *") == 1
