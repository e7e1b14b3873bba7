"""The values of the domain: frozen dataclasses without I/O."""
