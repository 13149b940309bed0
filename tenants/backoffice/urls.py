"""Routes of the back office's pages about shops, people and the audit trail."""

from django.urls import path

from tenants.backoffice import audit, outgoing, people, plans, tenants

urlpatterns = [
    path("tenants", tenants.tenants, name="tenants"),
    path("tenants/open", tenants.open_tenant, name="tenant-open"),  # a reserved slug
    path("shops/offered", tenants.offered, name="shops-offered"),
    path("tenants/<slug:slug>", tenants.tenant, name="tenant"),
    path("tenants/<slug:slug>/plan", tenants.change_plan, name="tenant-plan"),
    path("tenants/<slug:slug>/suspend", tenants.suspend, name="tenant-suspend"),
    path("tenants/<slug:slug>/resume", tenants.resume, name="tenant-resume"),
    path("tenants/<slug:slug>/webhooks/sent", outgoing.sent, name="tenant-sent"),
    path("tenants/<slug:slug>/webhooks/sent/<int:pk>", outgoing.message, name="tenant-sent-message"),
    path("tenants/<slug:slug>/webhooks/sent/<int:pk>/inside", outgoing.look_inside, name="tenant-sent-inside"),
    path("plans", plans.plans, name="plans"),
    path("plans/<slug:code>/channels", plans.plan_channels, name="plan-channels"),
    path("plans/<slug:code>/used-up", plans.plan_used_up, name="plan-used-up"),
    path("people", people.people, name="people"),
    path("people/<int:person_id>", people.person, name="person"),
    path("people/<int:person_id>/role", people.change_role, name="person-role"),
    path("people/<int:person_id>/deactivate", people.deactivate, name="person-deactivate"),
    path("people/<int:person_id>/reactivate", people.reactivate, name="person-reactivate"),
    path("audit", audit.audit, name="audit"),
    path("audit/export", audit.export, name="audit-export"),
]
