"""What the members of a shop hear of its isolated model: a notice for each step that they wait for."""

from django.urls import reverse

from modelregistry.models import IsolationRequest
from tenants import notices
from tenants.models import Tenant

KIND = "isolation.moved"
State = IsolationRequest.State
# state: (title, tone, what follows where nothing was said with it)
_TOLD = {
    State.APPROVED: ("Your isolated model was approved", "good", "Its training starts by itself."),
    State.DECLINED: ("Your request for an isolated model was declined", "bad", ""),
    State.SERVING: ("Your isolated model is in service", "good", "It answers from now on."),
    State.DISABLED: ("Your isolated model was switched off", "warning", "The shared one answers."),
}
_FAILED = ("The training of your isolated model brought no model", "bad", "Another one is asked for.")


def tell(tenant: Tenant, state: str, *, note: str, came_from: str) -> None:
    """In the transaction of the step; nothing for steps that the shop took itself or need not wait for."""
    failed = state == State.APPROVED and came_from == State.TRAINING
    told = _FAILED if failed else _TOLD.get(State(state))
    if told is None:
        return
    title, tone, else_said = told
    notices.tell(
        tenant, KIND, title=title, text=note or else_said, tone=tone, right="models.read",
        path=reverse("panel:isolation", kwargs={"slug": tenant.slug}),
    )  # fmt: skip
