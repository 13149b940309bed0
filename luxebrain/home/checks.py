"""Refuses to start half-configured."""
