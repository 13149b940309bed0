"""Handlers of the app's background work."""
