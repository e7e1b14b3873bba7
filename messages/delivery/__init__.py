"""Delivers cards, alerts, timeline entries and replies to Slack, within its rate limits, until Slack has them."""
