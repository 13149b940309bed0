"""Asking shops' own APIs for what changed: everything at first, then what webhooks may have missed."""
