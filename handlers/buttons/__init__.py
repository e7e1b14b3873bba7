"""Buttons and menus on messages, one module for each."""
