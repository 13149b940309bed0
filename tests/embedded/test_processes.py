"""Who can reach what, and children that end with their parent."""

import subprocess
import sys

import psutil
import pytest

from luxebrain.embedded import processes

PARENT = """
import os, sys, time
from luxebrain.embedded import processes
child = processes.spawn([sys.executable, "-S", "-c", "import time; time.sleep(60)"], env=os.environ)
print(child.pid, flush=True)
time.sleep(60)
"""


def test_it_sees_a_closed_folder_behind_a_link(tmp_path):
    closed = tmp_path / "closed"
    (closed / "inner").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(closed / "inner")
    closed.chmod(0o700)
    assert not processes.reachable(link, user="nobody")
    assert processes.reachable(link, user=None)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux alone does this")
def test_it_takes_the_child_along_when_the_parent_is_killed():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    assert processes.wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, timeout=3)


def test_it_does_not_take_a_reused_process_id_for_its_own(tmp_path):
    with subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"]) as other:
        record = tmp_path / "one.json"
        processes.write_record(record, other.pid)
        record.write_text(record.read_text().replace('"started": ', '"started": 1'))
        processes.outlive(record, timeout=0.1)
        assert other.poll() is None
        assert not record.exists()
        other.kill()
