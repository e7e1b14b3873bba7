"""Slash commands: the parser and one module for each group of commands."""
