"""HTTP in: health, readiness."""
