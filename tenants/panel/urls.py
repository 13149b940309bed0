"""Routes of the panel's pages about keys, people, usage and settings."""

from django.urls import path

from tenants.panel import api_keys, settings, team, usage

urlpatterns = [
    path("api-keys", api_keys.keys, name="api-keys"),
    path("api-keys/new", api_keys.issue, name="api-key-new"),
    path("api-keys/<int:key_id>/rotate", api_keys.rotate, name="api-key-rotate"),
    path("api-keys/<int:key_id>/revoke", api_keys.revoke, name="api-key-revoke"),
    path("team", team.team, name="team"),
    path("team/invite", team.invite, name="team-invite"),
    path("team/invitations/<int:invitation_id>/withdraw", team.withdraw, name="team-withdraw"),
    path("team/members/<int:membership_id>/role", team.change_role, name="team-role"),
    path("team/members/<int:membership_id>/remove", team.remove, name="team-remove"),
    path("usage", usage.usage, name="usage"),
    path("settings", settings.settings, name="settings"),
]
