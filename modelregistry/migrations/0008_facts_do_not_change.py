"""Versions say where they come from, aliases are one of four, and the facts of a version cannot be changed."""

from django.db import migrations, models

# The place and digest of an artefact change when a person is erased from it; the state when it is retired.
KEEP = """
create function modelregistry_keep_facts() returns trigger language plpgsql as $$
begin
    if (new.tenant_id, new.model, new.number, new.algorithm, new.parameters, new.metrics, new.counts, new.data_from,
        new.data_until, new.code_version, new.train_seconds, new.cpu_seconds, new.origin, new.upload_digest)
       is distinct from
       (old.tenant_id, old.model, old.number, old.algorithm, old.parameters, old.metrics, old.counts, old.data_from,
        old.data_until, old.code_version, old.train_seconds, old.cpu_seconds, old.origin, old.upload_digest)
    then
        raise exception 'the facts of a model version do not change' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger keep_facts after update on modelregistry_modelversion
    for each row execute function modelregistry_keep_facts();
"""
UNKEEP = """
drop trigger keep_facts on modelregistry_modelversion;
drop function modelregistry_keep_facts();
"""


class Migration(migrations.Migration):
    dependencies = [("modelregistry", "0007_experiments")]

    operations = [
        migrations.AddField(
            "modelversion",
            "origin",
            models.CharField(choices=[("training", "Training"), ("upload", "Upload")], default="training", max_length=10),
        ),
        migrations.AddField(
            "modelversion",
            "upload_digest",
            models.CharField(blank=True, default="", help_text="sha256 of the file that was uploaded", max_length=64),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "modelversion",
            models.UniqueConstraint(
                condition=models.Q(("upload_digest", ""), _negated=True),
                fields=("tenant", "model", "upload_digest"),
                name="version_uploaded_once",
            ),
        ),
        migrations.AlterField(
            "modelalias",
            "name",
            models.CharField(
                choices=[
                    ("champion", "Champion"), ("challenger", "Challenger"), ("shadow", "Shadow"), ("previous", "Previous"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            "modelalias",
            models.CheckConstraint(
                condition=models.Q(("name__in", ["champion", "challenger", "shadow", "previous"])), name="alias_known"
            ),
        ),
        migrations.RunSQL(KEEP, UNKEEP),
    ]
