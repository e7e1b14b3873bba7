"""Sockets: HTTP servers, Socket Mode, delivery over the network."""
