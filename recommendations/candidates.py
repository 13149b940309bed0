"""What this process holds of each shop: its model, mapped read-only, its assortment, its decisions.

Loaded once per (model, tenant, version) into a bounded table; an epoch that moved makes the next
request look again, so that an activation is followed at once and without a restart.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from django.conf import settings

from luxebrain.lib import logs
from luxebrain.lib.problems import NotFound
from modelregistry import artifacts, damages, lineage, releases, routing, store, versions
from modelregistry.isolation import TenantModelIsolation
from modelregistry.models import ModelVersion
from modelregistry.routing import Routes
from recommendations import control
from recommendations.algorithms.bundle import Bundle, BundleDamaged
from recommendations.assortment import Assortment
from recommendations.control import Control
from recommendations.window import Window
from tenants import tenancy
from tenants.models import Tenant

# What this process keeps of all shops, by products: a shop of a hundred costs little, one of a million much.
HELD_PRODUCTS = 4_000_000
SHOP_ITSELF = 200  # what a shop costs beside its products, in products
FALLBACKS = 3  # versions of each kind that are tried where the champion cannot be loaded
BLIND_SECONDS = 2.0  # without the cache server: how long a copy may be trusted
RETRY_SECONDS = 30.0  # after the store of models did not answer
log = logs.get(__name__)


@dataclass
class Shop:
    """One shop's copies. `version` 0 = no model yet; `degraded` = the champion could not be loaded."""

    tenant_id: int
    window: Window = field(default_factory=Window)
    assortment: Assortment = field(init=False)
    control: Control = field(default_factory=Control)
    routes: Routes = routing.NOTHING
    others: dict[int, "Shop"] = field(default_factory=dict)  # by version, those that routes need beside this one
    bundle: Bundle | None = None
    version: int = 0
    version_id: int = 0
    digest: str = ""
    scope: str = ModelVersion.Scope.SHARED  # of the training that made it: isolated, or the one every shop has
    learnt_from: str = "own"
    read_at: int = 0  # when the model's data was read: what arrived later is news to it
    degraded: str = ""
    popular: list[tuple[str, float]] | None = None
    popular_epoch: bytes | None = None
    is_cold: bool = True
    model_epoch: bytes | None = None
    catalogue_epoch: bytes | None = None
    control_epoch: bytes | None = None
    checked_at: float = 0.0
    is_unreached: bool = False  # the store of models did not answer: no epoch will move when it does again
    retry_at: float = 0.0  # monotonic; when it is asked again, 0 where nothing is lacking
    weight: int = 0  # in products, once it is loaded
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.assortment = Assortment(self.window, None)

    def routed(self, version: int) -> "Shop":
        """The same shop with another version in service; itself for 0, for its own, and for one it lacks."""
        other = self.others.get(version)
        if other is None:
            return self
        other.is_cold = self.is_cold
        return other


_shops: OrderedDict[int, Shop] = OrderedDict()
_lock = threading.Lock()
_held_weight = 0


def shop(tenant_id: int, epochs: tuple[bytes | None, ...] | None) -> Shop:
    """The shop as of these epochs, those of epochs.KINDS; None = the cache server is away."""
    held = _shops.get(tenant_id)
    if held is None:
        with _lock:
            held = _shops.setdefault(tenant_id, Shop(tenant_id))
    if epochs is None:
        if time.monotonic() - held.checked_at > BLIND_SECONDS:
            _load(held, (held.model_epoch, held.catalogue_epoch, held.control_epoch), blind=True)
        return held
    model, catalogue, decided = epochs[1] or b"", epochs[2] or b"", epochs[4] or b""
    moved = held.model_epoch != model or held.catalogue_epoch != catalogue or held.control_epoch != decided
    if moved or (held.retry_at and time.monotonic() >= held.retry_at):
        _load(held, (model, catalogue, decided))
    return held


def _load(held: Shop, wanted: tuple[bytes | None, ...], *, blind: bool = False) -> None:
    """One thread loads; the others go on with what there is, unless there is nothing yet.

    wanted    the epochs of model, catalogue and control; blind: nobody can see them moving
    """
    if not held.lock.acquire(blocking=held.checked_at == 0.0):
        return
    try:
        model, catalogue, decided = wanted
        due = bool(held.retry_at) and time.monotonic() >= held.retry_at
        with tenancy.within(held.tenant_id) as tenant:
            if held.model_epoch != model or blind or due:
                held.is_unreached = False
                load_champion(held, tenant)
                _load_others(held, tenant)
                held.retry_at = time.monotonic() + RETRY_SECONDS if held.is_unreached else 0.0
            if held.catalogue_epoch != catalogue or blind:
                held.window.refresh(tenant)
            if held.control_epoch != decided or blind:
                held.control = control.of(tenant)
        for one in (held, *held.others.values()):
            one.control = held.control
            if one.assortment.is_stale(one.bundle.products if one.bundle else None):
                one.assortment = Assortment(held.window, one.bundle)
        held.model_epoch, held.catalogue_epoch, held.control_epoch = wanted
        held.checked_at = time.monotonic()
        _make_room(held)
    finally:
        held.lock.release()


def _make_room(newest: Shop) -> None:
    """Drops the shops loaded longest ago until what is kept is within the bound again."""
    global _held_weight
    with _lock:
        if _shops.get(newest.tenant_id) is not newest:
            return
        _shops.move_to_end(newest.tenant_id)
        weight = SHOP_ITSELF + sum(one.assortment.size for one in (newest, *newest.others.values()))
        _held_weight += weight - newest.weight
        newest.weight = weight
        while _held_weight > HELD_PRODUCTS and len(_shops) > 1:
            _, dropped = _shops.popitem(last=False)
            _held_weight -= dropped.weight


def with_version(tenant: Tenant, number: int, epochs: tuple[bytes | None, ...] | None) -> Shop:
    """The shop as it would be with this version in service: a copy for one request, not kept.

    Raises NotFound, ArtifactError, BundleDamaged, OSError.
    """
    live = shop(tenant.pk, epochs)
    if live.version == number and live.bundle is not None:
        return live
    version = tenant.model_versions.filter(model=settings.MODEL_NAME, number=number).first()
    if version is None:
        raise NotFound(f"There is no version v{number}.")
    bundle, read_at = load(tenant.pk, version)
    other = _beside(live, version, bundle, read_at)
    other.assortment = Assortment(live.window, bundle)
    return other


def _beside(live: Shop, version: ModelVersion, bundle: Bundle, read_at: int) -> Shop:
    return Shop(live.tenant_id, window=live.window, control=live.control, bundle=bundle, version=version.number,
                version_id=version.pk, digest=version.digest, scope=version.scope, learnt_from=version.learnt_from,
                read_at=read_at)


def _load_others(held: Shop, tenant: Tenant) -> None:
    """Takes up the versions that experiments and a canary serve beside the champion. What needs one that cannot
    be loaded is left out as a whole: its subjects get the champion, and no list counts for it."""
    routes = routing.of(tenant, canary=releases.canary(tenant))
    wanted = routes.versions - ({held.version} if held.bundle is not None and not held.degraded else set())
    others: dict[int, Shop] = {}
    isolation = TenantModelIsolation(tenant)
    for version in tenant.model_versions.filter(model=settings.MODEL_NAME, number__in=wanted) if wanted else ():
        before = held.others.get(version.number)
        if version not in isolation.servable(version, tuple).order:
            continue
        if before is not None and before.digest == version.digest:
            others[version.number] = before
            continue
        try:
            others[version.number] = _beside(held, version, *load(tenant.pk, version))
        except (artifacts.ArtifactError, BundleDamaged, OSError) as error:
            _could_not(held, tenant, version, error, in_service=True)
    lacking = set(wanted) - set(others)
    held.others, held.routes = others, routes.lacking(lacking) if lacking else routes


def load_champion(held: Shop, tenant: Tenant) -> None:
    """Takes up the champion; if it may not serve or cannot be loaded, the good version that served before it."""
    champion = versions.champion(tenant)
    if champion is None:
        _without_model(held)
        return
    unchanged = (champion.pk, champion.digest) == (held.version_id, held.digest) and not held.degraded
    if unchanged and champion.scope == ModelVersion.Scope.SHARED:
        return
    serving = TenantModelIsolation(tenant).servable(champion, lambda: _good_ones(tenant, champion))
    if unchanged and serving.wanted == champion and not serving.is_lost:
        return
    for version in serving.order:
        try:
            bundle, read_at = load(tenant.pk, version)
        except (artifacts.ArtifactError, BundleDamaged, OSError) as error:
            _could_not(held, tenant, version, error, in_service=version == champion)
            continue
        held.bundle, held.read_at, held.version, held.version_id = bundle, read_at, version.number, version.pk
        held.digest, held.scope, held.learnt_from = version.digest, version.scope, version.learnt_from
        held.degraded = "" if version is serving.wanted else f"{serving.wanted} could not be loaded"
        return
    if held.scope == ModelVersion.Scope.TENANT and serving.wanted is None:
        _without_model(held)  # isolation ended: its model must not go on from memory
        return
    held.degraded = f"{serving.wanted or champion} could not be loaded"
    if held.bundle is None:
        held.version, held.version_id = 0, 0


def _could_not(held: Shop, tenant: Tenant, version: ModelVersion, error: Exception, *, in_service: bool) -> None:
    log.warning("model.not_loaded", version=version.number, reason=str(error)[:300])
    held.is_unreached |= isinstance(error, artifacts.ArtifactUnreachable)
    damages.note(tenant, version, error, in_service=in_service)


def _good_ones(tenant: Tenant, champion: ModelVersion) -> list[ModelVersion]:
    """What to fall back to: versions that served before, latest first, then others that are older."""
    ready = tenant.model_versions.filter(model=settings.MODEL_NAME, state=ModelVersion.State.READY)
    older = ready.filter(number__lt=champion.number).order_by("-number")[:FALLBACKS]
    served = [one for one in lineage.before(tenant) if one.state == ModelVersion.State.READY]
    return list(dict.fromkeys([*served[:FALLBACKS], *older]))


def _without_model(held: Shop) -> None:
    held.bundle, held.version, held.version_id, held.digest, held.degraded = None, 0, 0, "", ""


def load(tenant_id: int, version: ModelVersion) -> tuple[Bundle, int]:
    """The version's bundle, its arrays mapped read-only, and when its data was read.

    Raises ArtifactError, BundleDamaged.
    """
    if not version.artifact_path:
        raise artifacts.ArtifactMissing(f"the files of {version} were let go")
    loaded = store.load(version.artifact_path, tenant=str(tenant_id), digest=version.digest)
    bundle = Bundle.from_arrays(loaded.arrays, loaded.manifest)
    return bundle, int(loaded.manifest.get("read_at", bundle.until))


def forget() -> None:
    """Drops every copy (tests, and after a fork)."""
    global _held_weight
    with _lock:
        _shops.clear()
        _held_weight = 0


def peek(tenant_id: int) -> Shop | None:
    """The shop if this process holds it, as it is."""
    return _shops.get(tenant_id)
