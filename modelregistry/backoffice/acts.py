"""The buttons that change what serves a shop: where each leads, and what it says before it is done."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from modelregistry import lineage
from modelregistry.facts import Fact, Places
from modelregistry.models import ModelVersion
from tenants.models import Tenant

Act = dict[str, Any]


class Acts:
    """Buttons for one shop. None where nothing is to be done."""

    def __init__(self, tenant: Tenant, places: Places) -> None:
        self.tenant, self.places = tenant, places

    def of(self, fact: Fact) -> Act | None:
        """Going back for the version before, activating for any other that can serve."""
        if not fact.can_serve:
            return None
        if fact.version == self.places.previous:
            url = self._url("roll-back-tenant")
            return self._act(fact.version, "Roll back to this…", "Roll back", url, danger=True)
        url = self._url("models-activate", number=fact.version.number)
        return self._act(fact.version, "Activate…", "Activate", url)

    def undo(self) -> Act | None:
        """Taking the latest change back."""
        last = lineage.last_move(self.tenant)
        if last is None or last.previous is None:
            return None
        act = self._act(last.previous, "Undo…", "Undo the last change", self._url("models-undo"))
        return {**act, "fields": [("move", last.pk)]}

    def _act(self, version: ModelVersion, button: str, confirm: str, url: str, *, danger: bool = False) -> Act:
        now = self.places.champion
        instead = f" instead of {now}" if now else ", which has had best sellers so far"
        return {
            "id": f"act-{version.number}-{confirm.split()[0].lower()}",
            "button": button,
            "confirm": confirm,
            "url": url,
            "danger": danger,
            "title": f"{version} for {self.tenant}?",
            "text": f"One shop changes: within two seconds all recommendations of {self.tenant} come from {version}"
            f"{instead}. Its files are checked first; if they fail, nothing changes. It can be undone.",
        }

    def _url(self, name: str, **kwargs: Any) -> str:
        return reverse(name, kwargs={"slug": self.tenant.slug, **kwargs})
