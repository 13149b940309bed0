"""The S3-compatible store of models: django-storages with waits that a request can bear."""

from __future__ import annotations

from typing import Any

from botocore.config import Config
from storages.backends.s3 import S3Storage


class ModelsS3(S3Storage):
    """Options as those of S3Storage. A store that does not answer is given up after some seconds, not minutes."""

    def get_default_settings(self) -> dict[str, Any]:
        return super().get_default_settings() | {
            "client_config": Config(
                connect_timeout=2,
                read_timeout=10,
                retries={"total_max_attempts": 2, "mode": "standard"},
                # Stores that are not Amazon's do not know its newer checksums; the manifest has stronger ones.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
            "max_memory_size": 8 * 1024 * 1024,  # larger files are received on disk, not in memory
            "file_overwrite": True,  # a folder is sent once only; asking before each file would cost a call
            "gzip": False,
            "default_acl": None,
        }
