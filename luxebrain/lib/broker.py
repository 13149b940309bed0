"""The worker's side of the broker, mended: a message that cannot be acknowledged gives its place back.

A worker takes a new message only while fewer than its prefetch count wait for acknowledgement. kombu
5.7 forgets to count down when the acknowledgement itself fails, which is what happens when the broker
dies with messages in hand. Once all places are taken by such messages the worker stops listening, so
that it never learns of the lost connection: it is alive and deaf until a watchdog restarts it.
"""

from kombu.transport import redis, virtual


class QoS(redis.QoS):
    """The count of messages in hand; right also when the broker is away."""

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except self.channel.connection_errors:
            virtual.QoS.ack(self, delivery_tag)
            raise


def mend() -> None:
    """Lets every channel of this process count with the class above."""
    redis.Channel.QoS = QoS
