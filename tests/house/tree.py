"""The project's own files: what git tracks or would track, and the Python modules among them."""

import ast
import subprocess
from functools import cache
from pathlib import Path

BASE = Path(__file__).resolve().parents[2]
PRODUCT = ("luxebrain/", "tenants/", "modelregistry/", "recommendations/", "anomalies/", "demo/")
_IGNORED = {".git", ".venv", "var", "node_modules", "__pycache__", "staticfiles", "htmlcov"}


@cache
def files() -> tuple[str, ...]:
    """Paths relative to the project, sorted. Without git (an unpacked archive): everything that lies there."""
    try:
        listed = (
            subprocess.run(
                ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
                cwd=BASE,
                capture_output=True,
                check=True,
            )
            .stdout.decode()
            .split("\0")
        )
    except (OSError, subprocess.CalledProcessError):
        found = (path.relative_to(BASE) for path in BASE.rglob("*") if path.is_file())
        listed = [str(path) for path in found if not _IGNORED & set(path.parts)]
    return tuple(sorted({name for name in listed if name and (BASE / name).is_file()}))


def read(name: str) -> str:
    return (BASE / name).read_text()


def modules() -> list[str]:
    """Every Python module, migrations aside."""
    return [name for name in files() if name.endswith(".py") and "/migrations/" not in name]


def product() -> list[str]:
    return [name for name in modules() if name.startswith(PRODUCT)]


def templates() -> list[str]:
    return [name for name in files() if name.startswith(("templates/", "demo/templates/")) and name.endswith(".html")]


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(read(name), name)
