"""The pages of channels, the same for the platform and for a shop: each panel binds them to its own rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from anomalies.channels import choosing, setup
from anomalies.channels.forms import FORMS, KINDS, initial
from anomalies.models import AlertChannel, AlertDelivery
from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_confirm, render_page
from luxebrain.lib.problems import Problem
from tenants.models import Tenant

TONES = {"sent": "good", "failed": "danger", "unclear": "warning", "waiting": "info", "sending": "info"}
LATEST = 25


@dataclass(frozen=True)
class ChannelPages:
    """layout of the panel; `prefix` of its route names; `root` = (route, words) of the page above."""

    layout: str
    prefix: str
    root: tuple[str, str]
    tenant: Callable[[Any], Tenant | None]
    may_write: Callable[[Any], bool]

    def address(self, request: Any, name: str, **kwargs: Any) -> str:
        tenant = self.tenant(request)
        return reverse(f"{self.prefix}{name}", kwargs={**kwargs, **({"slug": tenant.slug} if tenant else {})})

    def crumb(self, request: Any) -> dict[str, str]:
        tenant = self.tenant(request)
        route, words = self.root
        return {"url": reverse(route, kwargs={"slug": tenant.slug} if tenant else None), "words": words}

    def row(self, request: Any, pk: int) -> AlertChannel:
        found = setup.of(self.tenant(request)).select_related("tenant").filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def locked(self, request: Any, kind: str) -> str:
        """Why the shop is not told on this kind of channel; "" where its plan has it."""
        tenant = self.tenant(request)
        return choosing.reason(tenant, kind) if tenant and not choosing.is_included(tenant, kind) else ""

    def listed(self, request: Any) -> HttpResponse:
        rows = setup.of(self.tenant(request)).annotate(
            sent=Count("deliveries", filter=Q(deliveries__state="sent")),
            failed=Count("deliveries", filter=Q(deliveries__state__in=["failed", "unclear"])),
        )
        rows = list(rows)
        for row in rows:
            row.edit_url = self.address(request, "alert-channel", pk=row.pk)
            row.test_url = self.address(request, "alert-channel-test", pk=row.pk)
            row.tone = TONES.get(row.test_state, "neutral")
            row.locked = self.locked(request, row.kind)
        latest = list(
            AlertDelivery.objects.using("ops").filter(channel__in=[row.pk for row in rows])
            .select_related("channel", "notice__tenant").order_by("-pk")[:LATEST]
        )  # fmt: skip
        for delivery in latest:
            delivery.tone = TONES[delivery.state]
        kinds = [
            {
                "label": label, "url": self.address(request, "alert-channel-new") + f"?kind={kind}",
                "locked": self.locked(request, kind),
            }
            for kind, label in KINDS.choices
        ]  # fmt: skip
        context = {
            "layout": self.layout, "root": self.crumb(request), "rows": rows, "latest": latest, "kinds": kinds,
            "may_write": self.may_write(request), "is_testing": any(row.test_state == "waiting" for row in rows),
            "has_mail": bool(settings.EMAIL_URL) and settings.EMAIL_URL.startswith("smtp"),
        }  # fmt: skip
        return render_page(request, "anomalies/channels.html", context, fragment="channels")

    def new(self, request: Any) -> HttpResponse:
        kind = request.GET.get("kind", KINDS.MAIL)
        if kind not in FORMS:
            raise Http404
        return self._form(request, kind, None)

    def edit(self, request: Any, pk: int) -> HttpResponse:
        row = self.row(request, pk)
        return self._form(request, row.kind, row)

    def _form(self, request: Any, kind: str, row: AlertChannel | None) -> HttpResponse:
        form = FORMS[kind](request.POST or None, initial=initial(row) if row else None)
        secret = ""
        if request.method == "POST" and form.is_valid():
            try:
                saved, secret = setup.save(self.tenant(request), kind=kind, by=request.user, row=row, **form.facts())
            except Problem as problem:
                add_problem(form, problem)
            else:
                if not secret:
                    messages.success(request, f"{saved.name} is saved. Send a test to see that it arrives.")
                    return redirect(self.address(request, "alert-channels"))
        context = {
            "layout": self.layout, "root": self.crumb(request), "form": form, "kind": KINDS(kind).label, "row": row,
            "secret": secret, "list_url": self.address(request, "alert-channels"), "action": request.get_full_path(),
            "locked": self.locked(request, kind),
        }  # fmt: skip
        if row is not None:
            context["switch_url"] = self.address(request, "alert-channel-switch", pk=row.pk)
            context["remove_url"] = self.address(request, "alert-channel-remove", pk=row.pk)
        return render_page(request, "anomalies/channel.html", context, status=422 if form.errors else 200)

    def switch(self, request: Any, pk: int) -> HttpResponse:
        row = self.row(request, pk)
        setup.switch(row, on=not row.is_active, by=request.user)
        messages.success(request, f"{row.name} is switched {'off' if row.is_active else 'on'}.")
        return redirect(self.address(request, "alert-channels"))

    def test(self, request: Any, pk: int) -> HttpResponse:
        try:
            setup.send_test(self.row(request, pk), by=request.user)
            messages.success(request, "The test is on its way; how it went stands here in a moment.")
        except Problem as problem:
            messages.error(request, problem.detail)
        return redirect(self.address(request, "alert-channels"))

    def remove(self, request: Any, pk: int) -> HttpResponse:
        row = self.row(request, pk)
        back = self.address(request, "alert-channels")
        if request.method != "POST":
            return render_confirm(
                request, layout=self.layout, title=f"Remove {row.name}?", button="Remove the channel", danger=True,
                text="Nothing is told there any more, and the log of what was told goes with it.",
                action=request.path, back=back,
            )  # fmt: skip
        setup.remove(row, by=request.user)
        messages.success(request, f"{row.name} is removed.")
        return redirect(back)
