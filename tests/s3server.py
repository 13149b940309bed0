"""A real server that speaks the S3 protocol on loopback, and hosts that keep their models in it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

REGION, ACCESS, SECRET = "eu-central-1", "test-access", "test-secret"


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """The server's address; it holds everything in memory and ends with the run."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert server.poll() is None, "the S3 server ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the S3 server does not listen")


@dataclass
class Bucket:
    """A bucket of one test, and the hosts that read it."""

    client: Any
    name: str
    url: str
    tmp_path: Path
    settings: Any = field(repr=False)

    def host(self, name: str) -> Path:
        """From here on this process is another host: it has a cache directory of its own."""
        from modelregistry import store

        self.settings.MODELS_CACHE_DIR = self.tmp_path / name
        self.settings.MODELS_CACHE_BYTES = 64 * 1024 * 1024
        store._failed_at = -store.QUIET_SECONDS
        return self.tmp_path / name

    def keys(self, prefix: str = "") -> list[str]:
        answer = self.client.list_objects_v2(Bucket=self.name, Prefix=prefix)
        return sorted(entry["Key"] for entry in answer.get("Contents", ()))

    def arrays(self, place: str) -> list[str]:
        return [key for key in self.keys(f"models/{place}/") if key.endswith(".npy")]

    def flip(self, key: str) -> None:
        """The last byte of an object becomes another one; its length stays."""
        body = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        self.client.put_object(Bucket=self.name, Key=key, Body=body[:-1] + bytes([body[-1] ^ 1]))

    def take(self, key: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=key)

    def away(self) -> None:
        """The store does not answer any more: its address leads nowhere."""
        self.use("http://127.0.0.1:9")

    def back(self) -> None:
        from modelregistry import store

        self.use(self.url)
        store._failed_at = -store.QUIET_SECONDS

    def use(self, url: str) -> None:
        options = {
            "bucket_name": self.name,
            "location": "models",
            "endpoint_url": url,
            "region_name": REGION,
            "access_key": ACCESS,
            "secret_key": SECRET,
        }
        models = {"BACKEND": "modelregistry.s3.ModelsS3", "OPTIONS": options}
        self.settings.STORAGES = {**django_settings.STORAGES, "models": models}


@pytest.fixture
def bucket(s3_url: str, settings: Any, tmp_path: Path) -> Bucket:
    """An empty bucket that the store "models" lies in; this process is the host "one"."""
    import boto3  # not by every run of tests

    client = boto3.client(
        "s3", endpoint_url=s3_url, region_name=REGION, aws_access_key_id=ACCESS, aws_secret_access_key=SECRET
    )
    name = f"models-{os.urandom(6).hex()}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    made = Bucket(client, name, s3_url, tmp_path, settings)
    made.use(s3_url)
    made.host("one")
    return made
