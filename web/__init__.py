"""HTTP in: health, readiness, metrics, Slack over HTTP, Agora's notifications."""
