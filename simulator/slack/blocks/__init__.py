"""Block Kit and message metadata, checked as strictly as Slack does."""

from simulator.slack.blocks.checks import (
    message_problems,
    metadata_valid,
    too_long,
    view_problems,
    view_too_large,
    with_ids,
)

__all__ = ["message_problems", "metadata_valid", "too_long", "view_problems", "view_too_large", "with_ids"]
