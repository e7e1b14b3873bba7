"""The HTTP side of the simulated Agora: routes, checks, calls, faults, the request log."""
