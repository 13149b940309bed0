"""Log lines are JSON, carry the request and the tenant, and stay short (R93)."""

import json
import logging

from django.conf import settings

from luxebrain.lib import logs


def last():
    for handler in logging.getLogger().handlers:
        handler.flush()
    return json.loads((settings.LOGS_DIR / "luxebrain.log").read_text().splitlines()[-1])


def test_a_line_is_json_with_what_was_bound():
    logs.bind(request_id="req_9", tenant="acme")
    logs.get("test").warning("something.happened", count=3)
    line = last()
    assert (line["event"], line["count"]) == ("something.happened", 3)
    assert (line["request_id"], line["tenant"]) == ("req_9", "acme")
    assert line["level"] == "warning"
    assert line["timestamp"].endswith("Z")
    logs.clear()
    logs.get("test").warning("again")
    assert "tenant" not in last()


def test_a_hostile_value_stays_on_one_short_line():
    """A header of a megabyte or with line breaks neither fills the disk nor forges a line."""
    logs.get("test").warning("odd", agent="x" * 100_000 + '\n{"level": "info"}')
    line = last()
    assert line["event"] == "odd"
    assert len(line["agent"]) < 1100
