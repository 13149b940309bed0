"""manage.py send_models: artefacts of this disk into the remote store, for the day on which the store changes."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from modelregistry import inventory, store
from modelregistry.artifacts import ArtifactError


class Command(BaseCommand):
    help = "Send the artefacts in LUX_DATA_DIR/models to the store that is configured. Doing it again sends the rest."

    def handle(self, *args: Any, **options: Any) -> None:
        if store.local_root() is not None:
            raise CommandError("The store of models is this disk. Set LUX_MODELS_S3_BUCKET first.")
        sent, there, refused = 0, 0, 0
        for place in inventory.below(Path(settings.MODELS_DIR)):
            try:
                is_new = inventory.send(Path(settings.MODELS_DIR), place)
            except ArtifactError as error:
                self.stderr.write(f"{place}: {error}")
                refused += 1
                continue
            sent, there = sent + is_new, there + (not is_new)
        self.stdout.write(f"{sent} sent, {there} were there already, {refused} refused.")
        if refused:
            raise CommandError("Not every artefact could be sent.")
