"""Notifications: the events of each recorder, and their delivery to a webhook."""
