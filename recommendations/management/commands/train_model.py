"""manage.py train_model <slug>: asks for a training; with --wait, does it here and shows how far it is."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from luxebrain.lib.problems import Problem
from recommendations import training
from tenants import tenancy, work
from tenants.models import Tenant, Work


class Command(BaseCommand):
    help = "Trains a shop's model. Without --wait a worker does it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the shop's short name")
        parser.add_argument("--wait", action="store_true", help="train here, and return when it is done")

    def handle(self, *args: Any, slug: str, wait: bool, **options: Any) -> None:
        found = tenancy.named(slug)
        if found is None:
            raise CommandError(f"There is no shop {slug}.")
        try:
            with tenancy.enter(found.pk) as tenant:
                run = training.request(tenant, reason="command", by=None)
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        if not wait:
            self.stdout.write(f"Training {run.pk} of {slug} is waiting for a worker.")
            return
        self.follow(found, run.pk)

    def follow(self, tenant: Tenant, run_id: int) -> None:
        rows = Work.objects.using("ops").filter(tenant=tenant, task=training.TASK, subject=str(run_id))
        lease = work.claim(rows.values_list("pk", flat=True).get())
        if lease is not None:
            training.run(run_id, lease, tell=self.say)
        run = tenant.training_runs.get(pk=run_id)
        while run.state in training.OPEN:  # a worker was faster
            self.say(run.step, run.progress)
            time.sleep(1)
            run.refresh_from_db()
        if run.state == run.State.FAILED:
            raise CommandError(run.error)
        self.stdout.write(self.style.SUCCESS(run.outcome))

    def say(self, step: str, share: float) -> None:
        self.stdout.write(f"{share:4.0%}  {step}")
