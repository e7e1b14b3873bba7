"""Local servers that speak the protocols of Slack, Agora and S3: for tests, the demo, and people without accounts."""
