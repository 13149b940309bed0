"""Makes the first operator of the platform, or makes somebody one; prints a random password once."""

import secrets
from typing import Any

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from tenants import staff
from tenants.models import User


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--analyst", action="store_true", help="Read only")

    def handle(self, *args: Any, email: str, name: str, analyst: bool, **options: Any) -> None:
        email = email.strip().lower()
        try:
            validate_email(email)
        except Exception as error:
            raise CommandError(f"{email} is no e-mail address.") from error
        role = User.PlatformRole.ANALYST if analyst else User.PlatformRole.OPERATOR
        person = User.objects.filter(email=email).first()
        password = ""
        if person is None:
            password = secrets.token_urlsafe(15)
            person = User.objects.create_user(email, password, name=name)
            EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
        staff.change_role(person, role=role, by="command line")
        self.stdout.write(f"{email} is a {person.get_platform_role_display().lower()}.")
        if password:
            self.stdout.write(f"Password, shown once: {password}")
