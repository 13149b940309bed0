"""How many batch jobs each plan runs, of how many customers, and how long their results are kept."""

from django.db import migrations, models

# code: jobs at a time, customers of a job, share of the workers
LIMITS = {"free": (1, 10_000, 1), "starter": (3, 100_000, 2), "growth": (5, 1_000_000, 4),
          "enterprise": (20, 5_000_000, 8)}


def set_limits(apps, schema_editor):
    plans = apps.get_model("tenants", "Plan").objects.using(schema_editor.connection.alias)
    for code, (jobs, customers, weight) in LIMITS.items():
        plans.filter(code=code).update(batch_jobs=jobs, batch_customers=customers, batch_weight=weight)


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0009_attribution_window'),
    ]

    operations = [
        migrations.AddField(
            model_name='plan',
            name='batch_customers',
            field=models.PositiveIntegerField(default=1000000, help_text='The most customers of one batch job'),
        ),
        migrations.AddField(
            model_name='plan',
            name='batch_days',
            field=models.PositiveSmallIntegerField(default=7, help_text='How long the results of batch jobs are kept'),
        ),
        migrations.AddField(
            model_name='plan',
            name='batch_jobs',
            field=models.PositiveSmallIntegerField(default=2, help_text='Batch jobs that may wait or run at a time'),
        ),
        migrations.AddField(
            model_name='plan',
            name='batch_weight',
            field=models.PositiveSmallIntegerField(default=2, help_text='Share of the workers that batch jobs get beside those of other shops'),
        ),
        migrations.RunPython(set_limits, migrations.RunPython.noop),
    ]
