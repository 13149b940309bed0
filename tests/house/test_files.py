"""House rules that a reader could check by eye, checked by machine instead."""

import ast
import re
import tomllib
from importlib.util import find_spec

import pytest

from tests.house import tree

MAX_LINES, MAX_FUNCTION = 400, 60
LONG_FILES = {
    # file: why it may be longer
}
LONG_FUNCTIONS = {
    # "file:function": why it may be longer
}

# (what must not be written, where it is looked for, files that may and why)
FORBIDDEN = {
    "pickle or joblib: code would run on load": (
        r"^\s*(?:import|from) (?:pickle|cPickle|joblib|dill|cloudpickle|shelve|marshal)\b|allow_pickle=True",
        ".py",
        {
            "tests/modelregistry/test_artifacts.py": "writes a hostile file to see it refused",
            "tests/house/test_tampering.py": "puts one into the cache to see it refused",
        },
    ),
    "mark_safe: user text could become markup": (
        r"\bmark_safe\(|\bSafeString\(",
        ".py",
        {"luxebrain/lib/markup.py": "drawings made of numbers of our own"},
    ),
    "|safe or autoescape off": (r"\|\s*safe\b|autoescape off", ".html", {}),
    ".extra() and RawSQL: SQL from strings": (
        r"\.extra\(|\bRawSQL\b",
        ".py",
        {"tests/home/test_overview.py": "breaks a query on purpose"},
    ),
    "get_object_or_404(Model): bypasses the tenant guard": (
        r"get_(?:object|list)_or_404\(\s*(?:Product|Order|OrderLine|Customer|Event|ModelVersion|ModelAlias|ApiKey"
        r"|Membership|Invitation|TrainingRun|ImportRun|Attribution|DailyPerformance|UsageHour)\b",
        ".py",
        {},
    ),
    "ListView(model=…) and ModelForm leak other tenants' rows": (
        r"from django\.views\.generic|\b(?:ModelViewSet|ModelSerializer|ListCreateAPIView)\b",
        ".py",
        {},
    ),
    "hx-on and inline handlers: the content policy refuses them": (
        r"hx-on|\son(?:click|change|submit|load|input|error|key\w+)=",
        ".html",
        {},
    ),
    "inline style": (
        r"\sstyle=|<style",
        ".html",
        {},
    ),
    "is_private: it calls metadata addresses public": (r"\.is_private\b", ".py", {}),
    "another HTTP client: what people typed is asked by luxebrain/lib/outbound.py alone": (
        r"^\s*(?:import|from) (?:httpx|httpcore|requests|aiohttp|urllib3|http\.client|urllib\.request)\b|"
        r"urllib\.request|from urllib import request|from http import client|\bpd\.read_\w+\([\"']https?:",
        ".py",
        {
            "luxebrain/lib/outbound.py": "the guarded client",
            "luxebrain/lib/addresses.py": "reads addresses as the client does",
            "luxebrain/embedded/demo.py": "waits for the product's own start",
            "bench/serving.py": "measures the product's own API",
            "bench/drills/events.py": "speaks to the product's own API",
            "bench/fairness.py": "speaks to the product's own API",
            "bench/hook_fairness.py": "speaks to the product's own API",
            "demo/deciding.py": "speaks to the product's own API",
            "demo/replay.py": "speaks to the product's own API",
            "demo/troubling.py": "speaks to the product's own API",
            "demo/ordering.py": "speaks to the product's own API",
            "tests/demo/test_pages.py": "speaks to the product's own pages",
            "tests/flows/test_shop_day.py": "speaks to the product's own API",
            "tests/tenants/test_flood.py": "speaks to the product's own API",
        },
    ),
    "signals: an invisible order": (r"^\s*from django\.db\.models\.signals|@receiver\(", ".py", {}),
    "a merge conflict": (r"^(?:<{7}|>{7}) ", "", {}),
}

# Where rows of all tenants may be read or written, and why (the loud door).
DOORS = {
    "*/backoffice/": "pages of the platform's staff",
    "*/management/commands/": "run by an operator in a shell",
    "bench/": "measurements on data of their own",
    "demo/": "loads and removes the demo shops",
    "luxebrain/home/": "the platform's overview, badges and health",
    "tenants/work.py": "the work table is the relay's and the workers'",
    "tenants/tasks.py": "sweeps",
    "tenants/quota.py": "finds the shops that used nearly all of their plan's calls",
    "tenants/usage.py": "folds the counters of all tenants",
    "tenants/errors.py": "faults are the platform's",
    "tenants/tenancy.py": "defines the door",
    "tenants/access.py": "finds the shop that an address of the back office names",
    "tenants/models/owned.py": "defines the door",
    "anomalies/channels/": "the platform hears of every shop; letters and calls are sent for all of them",
    "tenants/occurrences.py": "the watch reads what happened anywhere, and lets old rows go",
    "tenants/delivering.py": "takes up deliveries whose work was lost, and lets old ones go",
    "tenants/notices.py": "lets old notices go",
    "tenants/picking.py": "finds the shop that the staff names in a form",
    "tenants/resealing.py": "what the secret key sealed for any shop is sealed anew",
    "tenants/slugs.py": "a slug is unique across tenants",
    "tenants/signup.py": "the tenant does not exist yet",
    "tenants/plans.py": "what plans offer is the platform's to say",
    "tenants/staff.py": "platform roles belong to no tenant",
    "modelregistry/api/": "the staff's API: versions of any shop",
    "recommendations/api/model_training.py": "the staff's API: trainings of any shop",
    "tenants/api/staff.py": "base of the staff's API",
    "recommendations/batch.py": "finds the tenants with jobs that are open or over",
    "recommendations/batch_schedules.py": "finds the shops whose planned jobs are due",
    "recommendations/batch_results.py": "counts the queue for operators",
    "anomalies/api/": "the API of the platform's staff",
    "anomalies/counting.py": "the badge counts the incidents of all shops",
    "anomalies/notices.py": "the channels send for all shops",
    "anomalies/platform.py": "one metric in alarm for many shops",
    "anomalies/rules.py": "the detector reads every rule once a round",
    "anomalies/rule_acts.py": "the staff changes rules of every shop and undoes it",
    "anomalies/series.py": "reads one bucket of many shops by one query",
    "anomalies/silence.py": "tells the staff whose streams are silent",
    "anomalies/streams.py": "lets old points of all shops go",
    "anomalies/expecting.py": "sweeps what was removed",
    "anomalies/measured.py": "reads the measures of the versions of every shop",
    "anomalies/suspects.py": "a refused key or person names its shop",
    "anomalies/trying.py": "tries a rule on every shop it would hold for",
    "anomalies/watching.py": "the detector's rounds over all shops",
    "recommendations/deliveries.py": "settles deliveries whose work was given up",
    "recommendations/findings.py": "finds the shops whose data is to be looked through",
    "recommendations/common_table.py": "sums what shops say, and reads nothing else of them",
    "recommendations/common_work.py": "finds the shops that take part in the shared model",
    "recommendations/isolated_training.py": "finds the shops that have or had an isolated model",
    "recommendations/measuring.py": "finds the shops whose versions are to be measured",
    "modelregistry/tasks.py": "finds the shops whose versions have files",
    "modelregistry/shop_figures.py": "sums what the versions of every shop did, for the platform",
    "recommendations/releasing.py": "finds the shops with a release under way",
    "recommendations/inbox.py": "drains the inbox of all tenants",
    "recommendations/exposures.py": "finds the tenants with experiments",
    "recommendations/tracking.py": "finds the tenants with news",
    "recommendations/training_work.py": "finds the tenants whose model is stale",
    "recommendations/importing/feeds.py": "finds the shops whose feed is due",
    "recommendations/sweeping.py": "sweeps files of all tenants",
    "recommendations/retention.py": "drops months of events that are empty for all tenants",
    "recommendations/tasks.py": "fans the nightly chore out",
    "recommendations/pulling/connections.py": "finds the connections whose time has come",
    "recommendations/pulse.py": "closes the connection of its own thread",
}
# Statements made of table and column names of our own models.
STATEMENTS_FROM_MODELS = {"tenants/schema.py", "recommendations/staging.py"}
DOOR = re.compile(
    r"across_tenants\(|using\(\s*[\"']ops[\"']|using=[\"']ops[\"']|connections\[[\"']ops[\"']\]|tenancy\.across\("
    r"|tenancy\.named\(|\bshop_named\("
)


def may_pass(name: str) -> bool:
    return any(
        name.startswith(place) or (place.startswith("*") and place[1:] in name) or name == place for place in DOORS
    )


def test_it_says_in_its_first_line_what_it_owns():
    silent = []
    for name in tree.modules():
        module = tree.tree(name)
        if module.body:
            first = (ast.get_docstring(module) or "").split("\n\n")[0].rstrip()
            if not first or first[-1] not in ".:?!…":
                silent.append(name)
    assert not silent, "no sentence in the first line"


def test_it_fits_on_a_few_screens():
    sizes = {name: len(tree.read(name).splitlines()) for name in tree.modules() if name not in LONG_FILES}
    assert not {name: lines for name, lines in sizes.items() if lines > MAX_LINES}


def test_its_functions_fit_on_a_screen():
    long = [
        f"{name}:{node.name} has {node.end_lineno - node.lineno + 1} lines"
        for name in tree.product()
        for node in ast.walk(tree.tree(name))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > MAX_FUNCTION
        and f"{name}:{node.name}" not in LONG_FUNCTIONS
    ]
    assert not long


@pytest.mark.parametrize("what", FORBIDDEN)
def test_it_does_not_contain(what):
    """R53, R93 and the threats behind them."""
    pattern, suffix, allowed = FORBIDDEN[what]
    found = [
        f"{name}:{number}"
        for name in tree.files()
        if name.endswith(suffix or (".py", ".html", ".md", ".toml", ".css", ".js"))
        and name not in allowed
        and name != "tests/house/test_files.py"
        and not name.startswith("demo/data/")
        for number, line in enumerate(tree.read(name).splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not found, f"{what}: {', '.join(found)}"


def test_it_builds_no_sql_from_values():
    """R53: the text of a statement is ours; what people send are parameters."""
    call = re.compile(r"\.(?:execute|raw)\(\s*(?:f[\"']|[\"'][^\"']*[\"']\s*(?:%|\.format))")
    found = [
        f"{name}:{number}"
        for name in tree.product()
        for number, line in enumerate(tree.read(name).splitlines(), 1)
        if call.search(line) and "noqa: S608" not in line and name not in STATEMENTS_FROM_MODELS
    ]
    assert not found


def test_it_uses_the_loud_door_only_where_that_is_its_job():
    """T1: rows of all tenants are read in a short list of places; elsewhere the tenant is an argument."""
    found = [
        f"{name}:{number}"
        for name in tree.product()
        if not may_pass(name)
        for number, line in enumerate(tree.read(name).splitlines(), 1)
        if DOOR.search(line.split("#")[0])
    ]
    assert not found


def test_every_loud_door_is_still_used():
    used = [name for name in tree.files() if name.endswith(".py") and DOOR.search(tree.read(name))]
    idle = [place for place in DOORS if not place.startswith("*") and not any(name.startswith(place) for name in used)]
    assert not idle, "take these off the list"


def test_it_prints_only_where_people_read():
    allowed = ("luxebrain/embedded/", "bench/", "tests/", "docs/")
    found = [
        f"{name}:{node.lineno}"
        for name in tree.modules()
        if not name.startswith(allowed) and "/management/commands/" not in name
        for node in ast.walk(tree.tree(name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not found


def test_it_catches_everything_only_at_named_doors():
    """R93: no bare except; `except Exception` says aloud that it is meant."""
    bare = [
        f"{name}:{node.lineno}"
        for name in tree.product()
        for node in ast.walk(tree.tree(name))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert not bare


def test_it_knows_no_path_of_a_machine():
    path = re.compile(r"(?<![\w.:/~}{-])/(?:home|root|work|Users|mnt)/[a-z]")
    found = [
        f"{name}:{number}"
        for name in tree.files()
        if name.endswith((".py", ".md", ".toml", ".html", ".js", ".css", ".lock", ".service", ".example"))
        or name in {"Makefile", ".ci/run", "bin/setup", "bin/lock", "bin/chromium"}
        if name != "tests/house/test_files.py"
        for number, line in enumerate(tree.read(name).splitlines(), 1)
        if path.search(line)
    ]
    assert not found


def test_it_has_one_database_driver():
    """Django would silently prefer psycopg 3."""
    assert find_spec("psycopg") is None
    assert not re.search(r"^psycopg(?:\[|==)", tree.read("requirements/all.lock"), re.MULTILINE)


def test_it_pins_every_requirement_with_hashes():
    text = "\n".join(tree.read(name) for name in tree.files() if name.endswith(".lock"))
    for block in re.split(r"\n(?=[a-z0-9])", text):
        if block.strip():
            assert re.match(r"[a-z0-9][\w.\[\],-]*==\S+", block, re.IGNORECASE), block[:80]
            assert "--hash=sha256:" in block, block[:80]


def test_it_locks_everything_it_declares():
    project = tomllib.loads(tree.read("pyproject.toml"))
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["test"]
    locked = tree.read("requirements/all.lock").lower()
    names = [re.match(r"[A-Za-z0-9._-]+", line).group().lower() for line in wanted]  # type: ignore[union-attr]
    missing = [name for name in names if not re.search(rf"^{re.escape(name)}(?:\[[^\]]*\])?==", locked, re.MULTILINE)]
    assert not missing
