"""Payloads as the vendors' servers send them, written from their documented fields; read anew for each use."""

import json
from pathlib import Path
from typing import Any

_PAYLOADS = Path(__file__).parent / "payloads"


def payload(name: str, /, **changes: Any) -> Any:
    """The payload `name`, with some of its fields changed."""
    return {**json.loads((_PAYLOADS / f"{name}.json").read_text()), **changes}
