"""What goes out to Slack: cards, alerts and replies as pure functions, and the notifier that posts them."""
