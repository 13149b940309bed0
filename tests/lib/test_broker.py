"""A worker whose broker dies with messages in hand goes on listening."""

import logging
import secrets
import signal
import time

import pytest
from kombu import Connection, Consumer, Queue

from luxebrain.embedded import state, valkey
from luxebrain.embedded.supervisor import Supervisor


@pytest.fixture
def broker(tmp_path):
    """A broker of the test's own, to be killed: (its program in the supervisor, its address)."""
    keeper, port, password = Supervisor(), state.any_port(), secrets.token_hex(8)
    program = valkey.program(
        "broker", directory=tmp_path, port=port, password=password, fast=True, records=tmp_path, logs=tmp_path
    )
    yield keeper.start(program), f"redis://:{password}@127.0.0.1:{port}/0"
    keeper.stop()


def test_it_takes_messages_again_after_acknowledging_failed(broker):
    """R2, R7: found by the drill: two lost acknowledgements made a worker of two places deaf for ever."""
    server, address = broker
    queue, taken = Queue("work"), []
    with Connection(address, transport_options={"socket_connect_timeout": 1}) as connection:
        channel = connection.default_channel
        channel.basic_qos(0, 2, False)
        producer = connection.Producer(channel)
        for number in range(4):
            producer.publish({"n": number}, routing_key="work", declare=[queue])
        with Consumer(channel, [queue], callbacks=[lambda body, message: taken.append(message)]):
            until = time.monotonic() + 5
            while len(taken) < 2 and time.monotonic() < until:
                connection.drain_events(timeout=1)
            assert not channel.qos.can_consume(), "both places are taken"
            server._child.send_signal(signal.SIGKILL)
            server._child.wait()
            for message in taken:
                message.ack_log_error(logging.getLogger("test"), connection.connection_errors)
            assert channel.qos.can_consume()
