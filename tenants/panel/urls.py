"""Routes of the panel's pages about keys, people, usage and settings."""

from django.urls import path

from tenants.panel import api_keys, changes, notices, outgoing, settings, team, usage

urlpatterns = [
    path("api-keys", api_keys.keys, name="api-keys"),
    path("api-keys/new", api_keys.issue, name="api-key-new"),
    path("api-keys/<int:key_id>/rotate", api_keys.rotate, name="api-key-rotate"),
    path("api-keys/<int:key_id>/revoke", api_keys.revoke, name="api-key-revoke"),
    path("api-keys/<int:key_id>/throttle", api_keys.throttle, name="api-key-throttle"),
    path("api-keys/<int:key_id>/release", api_keys.release, name="api-key-release"),
    path("team", team.team, name="team"),
    path("team/invite", team.invite, name="team-invite"),
    path("team/invitations/<int:invitation_id>/withdraw", team.withdraw, name="team-withdraw"),
    path("team/members/<int:membership_id>/role", team.change_role, name="team-role"),
    path("team/members/<int:membership_id>/remove", team.remove, name="team-remove"),
    path("usage", usage.usage, name="usage"),
    path("outgoing", outgoing.outgoing, name="outgoing"),
    path("outgoing/new", outgoing.new, name="outgoing-new"),
    path("outgoing/<int:pk>", outgoing.endpoint, name="outgoing-endpoint"),
    path("outgoing/<int:pk>/change", outgoing.change, name="outgoing-change"),
    path("outgoing/<int:pk>/rotate", outgoing.rotate, name="outgoing-rotate"),
    path("outgoing/<int:pk>/switch", outgoing.switch, name="outgoing-switch"),
    path("outgoing/<int:pk>/remove", outgoing.remove, name="outgoing-remove"),
    path("outgoing/<int:pk>/test", outgoing.send_test, name="outgoing-test"),
    path("outgoing/messages/<int:pk>", outgoing.delivery, name="outgoing-delivery"),
    path("outgoing/messages/<int:pk>/replay", outgoing.replay, name="outgoing-replay"),
    path("notices", notices.notices, name="notices"),
    path("notices/read", notices.read, name="notices-read"),
    path("notices/mail", notices.mail, name="notices-mail"),
    path("changes", changes.changes, name="changes"),
    path("settings", settings.settings, name="settings"),
]
