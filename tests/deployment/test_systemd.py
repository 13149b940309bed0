"""The systemd units are complete, and systemd itself accepts them."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "deployment" / "systemd").iterdir())
PROGRAMS = [unit for unit in UNITS if unit.suffix == ".service" and "watchdog" not in unit.name]


class Repeatable(dict):
    """Joins the values of a key that stands more than once, as systemd does."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and key in self:
            value = self[key] + value
        super().__setitem__(key, value)


def read(unit):
    parser = configparser.RawConfigParser(strict=False, dict_type=Repeatable)
    parser.optionxform = str
    parser.read(unit)
    return parser


def test_it_ships_a_unit_for_every_program():
    """R5"""
    names = ("web", "worker", "trainer", "beat", "relay")
    assert {unit.stem for unit in PROGRAMS} == {f"luxebrain-{name}" for name in names}


@pytest.mark.parametrize("unit", PROGRAMS, ids=lambda unit: unit.stem)
def test_it_starts_from_a_checkout_after_redis(unit):
    """R5"""
    found = read(unit)
    assert "redis.service" in found["Unit"]["After"].split()
    service = found["Service"]
    assert Path(service["WorkingDirectory"]).is_absolute()
    assert Path(service["EnvironmentFile"]).is_absolute()
    assert service["Restart"] == "always"
    assert float(service["RestartSec"]) <= 2
    assert service["User"] == "luxebrain"


def test_it_gives_no_program_the_right_to_change_tables():
    assert "DATABASE_OWNER_URL=" not in (ROOT / "deployment" / "luxebrain.env.example").read_text()


def test_systemd_accepts_the_units(tmp_path):
    """R5"""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze here")
    for unit in UNITS:  # the checkout of the units is this one, so that their programs exist
        text = unit.read_text().replace("/srv/luxebrain", str(ROOT))
        (tmp_path / unit.name).write_text(text)
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(map(str, tmp_path.iterdir()))],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    ours = [line for line in told.stderr.splitlines() if "luxebrain" in line]
    assert (told.returncode, ours) == (0, [])
