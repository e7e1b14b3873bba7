"""The Web API: calls, methods, rate limits, faults."""
