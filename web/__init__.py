"""HTTP: health, metrics, Slack's requests and Agora's notifications, on one server."""
