"""The state of the simulated Agora: channels, people, recorders and their media."""
