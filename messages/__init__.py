"""Outgoing Slack messages: cards, alerts, replies and the form as pure functions; `delivery` sends them."""
