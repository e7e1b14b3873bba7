"""The workspace: people, channels, messages, views."""
