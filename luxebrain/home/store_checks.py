"""System checks of the store of models: configured, and in a deployment also reachable, writable and readable."""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from luxebrain.home.checks import LOOPBACK, is_writable
from modelregistry import store

HINT = "See docs/models-store.md."


@register(Tags.files)
def check_configured(**kwargs: Any) -> list[CheckMessage]:
    """That the storage "models" can be made at all, and that this host has a place for its copies."""
    try:
        root = store.local_root()
    except Exception as error:  # noqa: BLE001  (any storage of any package may be named)
        reason = f"The store of models is not configured: {error}"
        hint = f"Install the extra: pip install 'luxebrain[s3]'; or unset LUX_MODELS_S3_BUCKET. {HINT}"
        return [Error(reason, hint=hint, id="lux.E011")]
    if root is not None:
        return []
    cache = Path(settings.MODELS_CACHE_DIR)
    if _can_be_made(cache):
        return []
    return [Error(f"{cache} cannot be written.", hint=f"See LUX_MODELS_CACHE_DIR. {HINT}", id="lux.E013")]


@register(Tags.files, deploy=True)
def check_reachable(**kwargs: Any) -> list[CheckMessage]:
    """Writes, lists, reads and deletes one small object, as publishing and serving will."""
    try:
        if store.local_root() is not None:
            return []
        failed = _probe(storages[store.ALIAS])
    except Exception as error:  # noqa: BLE001  (any storage of any package may be named)
        failed = f"{type(error).__name__}: {error}"
    if not failed:
        return _in_the_clear(storages[store.ALIAS])
    hint = f"Look at address, bucket and keys (LUX_MODELS_S3_…), and at what the keys may do. {HINT}"
    return [Error(f"The store of models cannot be used: {failed[:300]}", hint=hint, id="lux.E012")]


def _in_the_clear(storage: Storage) -> list[CheckMessage]:
    address = urlsplit(str(getattr(storage, "endpoint_url", None) or ""))
    if address.scheme != "http" or address.hostname in LOOPBACK:
        return []
    hint = f"Give LUX_MODELS_S3_ENDPOINT an https address. {HINT}"
    return [Warning("Models travel to their store without encryption.", hint=hint, id="lux.W014")]


def _probe(storage: Storage) -> str:
    """What does not work, or nothing."""
    folder = f"probe-{secrets.token_hex(8)}"
    name = f"{folder}/probe"
    storage.save(name, ContentFile(b"probe"))
    try:
        if "probe" not in storage.listdir(folder)[1]:
            return "what was written is not listed"
        with storage.open(name) as file:
            if file.read() != b"probe":
                return "what was written is not what is read"
    finally:
        storage.delete(name)
    return "" if not storage.listdir(folder)[1] else "what was deleted is still there"


def _can_be_made(path: Path) -> bool:
    """It is there and writable, or the nearest folder above it is."""
    parent = next((one for one in (path, *path.parents) if one.exists()), path)
    return is_writable(parent)
