"""Isolated models: who may have one, every step from the request to the end, and which model serves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from luxebrain.lib.problems import Conflict, Problem
from modelregistry import artefact_places, artifacts, eligibility, isolation_news, store, versions
from modelregistry.eligibility import Check
from modelregistry.models import IsolationRequest, ModelVersion
from tenants import audit, epochs, occurrences, work
from tenants.models import Tenant, User

TRAIN = "recommendations.train_tenant_model"  # the work that an approval causes; done by the app above
TRAIN_SHARED = "recommendations.train_shared_again"  # the work that its end causes
OWN_WEIGHT, FOREIGN_WEIGHT = 1.0, 0.1
TRIED = 3  # shared versions that may take over when an isolated model ends
State = IsolationRequest.State
SHARED, TENANT = ModelVersion.Scope.SHARED, ModelVersion.Scope.TENANT


class ForeignRows(RuntimeError):
    """Rows of another tenant were about to be learnt from."""


@dataclass(frozen=True)
class Serving:
    """Versions in the order in which they are tried, to be gone through once; `wanted` is the one that ought to
    serve, `is_lost` says that the folder of the isolated ones is gone, so that a copy in memory must not go on."""

    wanted: ModelVersion | None
    order: Iterable[ModelVersion]
    is_lost: bool = False


class TenantModelIsolation:
    """Everything about one tenant's isolated model. Reads and writes through the tenant it was given."""

    def __init__(self, tenant: Tenant, *, model: str = settings.MODEL_NAME) -> None:
        self.tenant, self.model = tenant, model

    # --- What holds ------------------------------------------------------------------------------
    def checklist(self) -> list[Check]:
        return eligibility.checklist(self.tenant)

    def is_eligible(self) -> bool:
        return all(check.is_met for check in self.checklist())

    def current(self) -> IsolationRequest | None:
        """The request that is open, from being asked for to serving."""
        return self._requests().filter(state__in=IsolationRequest.OPEN).first()

    def latest(self) -> IsolationRequest | None:
        return self._requests().first()

    def should_isolate_tenant(self) -> bool:
        """Whether this tenant learns and is served in isolation now: the plan gives it, and it was approved.

        Fewer orders than at the approval change nothing; a smaller plan ends it with the next call.
        """
        if not self.tenant.plan.has_isolated_model:
            return False
        return self._requests().filter(state__in=IsolationRequest.HELD).exists()

    # --- Which model serves ----------------------------------------------------------------------
    def home(self, scope: str = TENANT) -> Path:
        """The folder of this tenant's versions of one scope; its name cannot leave the models directory."""
        owner = versions.owner_of(self.tenant)
        return Path(settings.MODELS_DIR) / artefact_places.home_of(tenant=owner, model=self.model, scope=scope)

    def get_model_path(self) -> Path:
        """models/tenant_models/{model}/{tenant_id} where the tenant is isolated and a version lies there;
        otherwise the folder of the shared scope."""
        own = self.home()
        if self.should_isolate_tenant() and store.holds(**self._whose()):
            return own
        return self.home(SHARED)

    def servable(self, champion: ModelVersion, stand_ins: Callable[[], Sequence[ModelVersion]]) -> Serving:
        """What may serve in place of the champion, best first. An isolated version serves only while the
        tenant is isolated; then, if none of its kind can be read, a shared one does.

        stand_ins    ready versions that may serve in place of the champion, best first; asked only where they matter
        """
        if champion.scope == SHARED:
            return Serving(champion, _shared(champion, stand_ins))
        good = stand_ins()
        own = [version for version in good if version.scope == TENANT]
        shared = [version for version in good if version.scope == SHARED]
        if not shared and (latest := self.latest_shared()) is not None:
            shared = [latest]
        if self.get_model_path() == self.home():
            return Serving(champion, [champion, *own, *shared])
        if self.should_isolate_tenant():  # its files are gone: tried all the same, so that the loss is noted
            return Serving(champion, [champion, *shared], is_lost=True)
        return Serving(shared[0] if shared else None, shared)

    def latest_shared(self) -> ModelVersion | None:
        """The newest shared version that could serve: what an isolated one is held against."""
        ready = self.tenant.model_versions.filter(model=self.model, state=ModelVersion.State.READY)
        return ready.filter(scope=SHARED).order_by("-number").first()

    # --- What may be learnt from -----------------------------------------------------------------
    def get_training_weight(self, owner: int) -> float:
        """The weight of a row of `owner` in this tenant's training: own 1.0; others 0.1, or 0 in isolation."""
        if owner == self.tenant.pk:
            return OWN_WEIGHT
        return 0.0 if self.should_isolate_tenant() else FOREIGN_WEIGHT

    def filter_training_data(self, owners: Sequence[int] | np.ndarray) -> np.ndarray:
        """The weight of each row, float32, from its owner's tenant id. Raises ForeignRows if an isolated
        tenant would learn from somebody else's row."""
        ids, place = np.unique(np.asarray(owners, np.int64), return_inverse=True)
        weights = np.array([self.get_training_weight(int(owner)) for owner in ids], np.float32)
        if len(weights) and weights.min() == 0:
            raise ForeignRows(f"rows of {int(np.count_nonzero(weights == 0))} other tenants in an isolated training")
        return weights[place]

    # --- The steps -------------------------------------------------------------------------------
    def request(self, *, reason: str, by: User | None) -> IsolationRequest:
        """Asks for an isolated model. Raises NotEligible, Conflict while one is open, Problem without a reason."""
        reason = _said(reason, "Say what you need it for.")
        eligibility.require(self.tenant)
        with self.tenant.atomic():
            row = self._create(reason=reason, by=by)
            self._moved(row, State.REQUESTED, by=by, note=reason)
        return row

    def cancel(self, row: IsolationRequest, *, by: User | None) -> None:
        """The tenant takes the request back before it is decided."""
        self._move(row, State.CANCELLED, after=(State.REQUESTED,), by=by)

    def approve(self, row: IsolationRequest, *, by: User | None, note: str = "") -> None:
        """Starts the training with the same transaction. Raises NotEligible if the conditions no longer hold."""
        eligibility.require(self.tenant)
        with self.tenant.atomic():
            self._move(row, State.APPROVED, after=(State.REQUESTED,), by=by, note=note)
            self.train(row)

    def decline(self, row: IsolationRequest, *, by: User | None, reason: str) -> None:
        reason = _said(reason, "Say why: the shop reads it.")
        self._move(row, State.DECLINED, after=(State.REQUESTED,), by=by, note=reason)

    def create_tenant_model(self, *, by: User | None, reason: str) -> IsolationRequest:
        """Directly by an operator: request and approval in one."""
        reason = _said(reason, "Say why: it is kept in the history.")
        eligibility.require(self.tenant)
        with self.tenant.atomic():
            row = self._create(reason=reason, by=by, state=State.APPROVED)
            self._moved(row, State.APPROVED, by=by, note=reason)
            self.train(row)
        return row

    def training_began(self) -> None:
        """The first training of an approved request was asked for."""
        row = self.current()
        if row is not None and row.state == State.APPROVED:
            self._move(row, State.TRAINING, after=(State.APPROVED,), by=None)

    def training_ended(self, version: ModelVersion | None, *, outcome: str) -> None:
        """With the version that went into service, or None: then the request waits for the next training."""
        row = self.current()
        if row is None or row.state != State.TRAINING:
            return
        if version is None:
            self._move(row, State.APPROVED, after=(State.TRAINING,), by=None, note=outcome)
        else:
            self._move(row, State.SERVING, after=(State.TRAINING,), by=None, note=outcome, version=version)

    def disable(self, row: IsolationRequest, *, by: User | None, reason: str) -> None:
        """Ends isolation: the shared scope serves with the next call. The artefacts stay for the grace period."""
        reason = _said(reason, "Say why: the shop reads it.")
        with self.tenant.atomic():
            self._move(row, State.DISABLED, after=IsolationRequest.HELD, by=by, note=reason)
            self._back_to_shared(by=by)
            epochs.bump(self.tenant, "model")

    def delete(self, row: IsolationRequest, *, by: User | None) -> int:
        """Deletes the artefacts of a disabled model from the disk; how many there were. The versions stay as
        facts, retired. Raises Conflict before it is disabled."""
        if row.state != State.DISABLED:
            raise Conflict("Only a disabled model can be deleted. Disable it first.")
        with self.tenant.atomic():
            own = self.tenant.model_versions.filter(model=self.model, scope=TENANT)
            own.filter(files_removed_at=None).update(
                state=ModelVersion.State.RETIRED, artifact_path="", files_removed_at=timezone.now()
            )
            self._requests().filter(pk=row.pk).update(deleted_at=timezone.now())
            audit.record(self.tenant, "isolation.deleted", by=by or "LuxeBrain", target=str(row))
            epochs.bump(self.tenant, "model")
            found = store.versions(**self._whose())
        try:
            return sum(store.discard(place) for place in found)
        except artifacts.ArtifactUnreachable:  # some are left: it can be asked for again, and `let_go` does
            self._requests().filter(pk=row.pk).update(deleted_at=None)
            raise

    def let_go(self, *, days: int) -> None:
        """Deletes the artefacts of what was disabled longer ago than the grace period."""
        over = timezone.now() - timedelta(days=days)
        ended = self._requests().filter(state=State.DISABLED, deleted_at__isnull=True, moved_at__lt=over)
        for row in ended:
            self.delete(row, by=None)

    def train(self, row: IsolationRequest) -> None:
        """A training as soon as none is under way, by a worker."""
        work.enqueue(self.tenant, TRAIN, subject=row.pk, key=f"isolate:{row.pk}")

    def retrain(self, row: IsolationRequest, *, by: User | None) -> None:
        """Another training at a person's request. Raises Conflict where the model is not isolated."""
        if row.state not in IsolationRequest.HELD:
            raise Conflict("Only an isolated model can be trained in isolation.")
        with self.tenant.atomic():
            self.train(row)
            audit.record(self.tenant, "isolation.retrain", by=by or "LuxeBrain", target=str(row))

    # --- Inside ----------------------------------------------------------------------------------
    def _whose(self) -> dict[str, str]:
        return {"tenant": versions.owner_of(self.tenant), "model": self.model, "scope": TENANT}

    def _requests(self) -> Any:
        return self.tenant.isolation_requests.filter(model=self.model)

    def _create(self, *, reason: str, by: User | None, state: str = State.REQUESTED) -> IsolationRequest:
        try:
            with transaction.atomic(using=self.tenant.alias):
                return self.tenant.isolation_requests.create(
                    model=self.model, state=state, reason=reason, requested_by=by, moved_at=timezone.now(),
                    facts=eligibility.facts(self.tenant).as_json(),
                )
        except IntegrityError as error:
            raise Conflict("There is a request already that is not at its end.") from error

    def _move(
        self, row: IsolationRequest, state: str, *, after: Sequence[str], by: User | None, note: str = "", **more: Any
    ) -> None:
        """One step, if nobody was faster."""
        with self.tenant.atomic():
            rows = self._requests().filter(pk=row.pk, state__in=after)
            if not rows.update(state=state, moved_at=timezone.now(), **more):
                row.refresh_from_db()
                raise Conflict(f"The request is {row.get_state_display().lower()} by now.")
            row.state = state
            self._moved(row, state, by=by, note=note, came_from=after[0])

    def _moved(
        self, row: IsolationRequest, state: str, *, by: User | None, note: str, came_from: str = ""
    ) -> None:
        now = timezone.now()
        self.tenant.isolation_steps.create(request=row, state=state, by=by, note=note[:500], at=now)
        audit.record(
            self.tenant, f"isolation.{state}", by=by or "LuxeBrain", target=str(row), reason=note,
        )
        occurrences.record(
            self.tenant, f"isolation.{state}", subject=str(row), facts={"note": note[:300], "model": self.model}
        )
        isolation_news.tell(self.tenant, state, note=note, came_from=came_from)

    def _back_to_shared(self, *, by: User | None) -> None:
        """The latest shared version that passes its checks goes into service, and a new one is trained."""
        champion = versions.champion(self.tenant, model=self.model)
        if champion is None or champion.scope == SHARED:
            return
        shared = self.tenant.model_versions.filter(model=self.model, scope=SHARED, state=ModelVersion.State.READY)
        for version in shared.order_by("-number")[:TRIED]:
            try:
                versions.activate(version, by=by, reason="The isolated model was disabled")
                break
            except versions.NotActivatable:
                continue
        work.enqueue(self.tenant, TRAIN_SHARED, key="train-shared")


def _shared(champion: ModelVersion, stand_ins: Callable[[], Sequence[ModelVersion]]) -> Iterator[ModelVersion]:
    """The champion, and what else of the shared scope may serve once the champion could not."""
    yield champion
    yield from (version for version in stand_ins() if version.scope == SHARED)


def _said(text: str, missing: str) -> str:
    """The reason without blanks around it. Raises Problem if there is none or it is too long."""
    text = text.strip()
    if not text:
        raise Problem("A reason is missing.", fields={"reason": missing})
    if not all(char.isprintable() or char in "\r\n\t" for char in text):
        raise Problem("The reason cannot be kept.", fields={"reason": "Must be visible characters."})
    if len(text) > 500:
        raise Problem("The reason is too long.", fields={"reason": "At most 500 characters."})
    return text
