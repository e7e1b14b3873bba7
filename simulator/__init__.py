"""Local servers that speak the real protocols of Slack and Agora: for tests, the demo, and people without accounts."""
