"""Real PostgreSQL and Valkey from wheels, started and watched for the demo and the tests."""

from luxebrain.embedded.instance import AlreadyRunning, Instance, temporary

__all__ = ["AlreadyRunning", "Instance", "temporary"]
