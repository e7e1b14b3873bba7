"""Uploads: which files are due, and how they get into the bucket."""
