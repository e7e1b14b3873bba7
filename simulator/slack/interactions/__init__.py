"""People, their interactions, and the delivery of these to the app."""
