"""Delivers cards, alerts, timeline entries and replies to Slack within its rate limits, until Slack has taken them.

deliverer   the worker and its back-off, for every kind of row
slack       the calls to Slack           limits     Slack's rate limits
alerts, resolutions, cards, replies, timeline         one kind of row each
"""
