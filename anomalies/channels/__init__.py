"""Channels: how people are told of incidents, by mail, in Slack, or by a signed call to an address of theirs."""
