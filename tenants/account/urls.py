"""Routes of the account pages: ours, and those of the sign-in library that we use, each with its audience."""

from allauth.account import views as sign_in
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.urls import path, re_path

from tenants.access import anyone, person_page
from tenants.account import views

urlpatterns = [
    path("", views.account, name="account"),
    path("shops", views.open_shop, name="open-shop"),
    path("invitation/<str:token>", views.invitation, name="invitation"),
    path("login/", anyone(sign_in.login), name="account_login"),
    path("logout/", anyone(sign_in.logout), name="account_logout"),
    path("inactive/", anyone(sign_in.account_inactive), name="account_inactive"),
    path("signup/", anyone(sign_in.signup), name="account_signup"),
    path("reauthenticate/", person_page(sign_in.reauthenticate), name="account_reauthenticate"),
    path("confirm-email/", anyone(sign_in.email_verification_sent), name="account_email_verification_sent"),
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", anyone(sign_in.confirm_email), name="account_confirm_email"),
    path("password/change/", person_page(sign_in.password_change), name="account_change_password"),
    path("password/set/", person_page(sign_in.password_set), name="account_set_password"),
    path("password/reset/", anyone(sign_in.password_reset), name="account_reset_password"),
    path("password/reset/done/", anyone(sign_in.password_reset_done), name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        anyone(sign_in.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        anyone(sign_in.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", person_page(mfa.index), name="mfa_index"),
    path("2fa/authenticate/", anyone(mfa.authenticate), name="mfa_authenticate"),
    path("2fa/reauthenticate/", person_page(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("2fa/totp/activate/", person_page(totp.activate_totp), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", person_page(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", person_page(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "2fa/recovery-codes/generate/", person_page(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"
    ),
    path(
        "2fa/recovery-codes/download/", person_page(codes.download_recovery_codes), name="mfa_download_recovery_codes"
    ),
]
