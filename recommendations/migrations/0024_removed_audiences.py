"""An audience that was removed is kept for a week, and its name is free meanwhile."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0023_batch_holds'),
        ('tenants', '0015_files_of_versions_kept_by_plans'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='audience',
            name='audience_name_once',
        ),
        migrations.AddField(
            model_name='audience',
            name='changed_at',
            field=models.DateTimeField(auto_now=True),
        ),
        migrations.AddField(
            model_name='audience',
            name='removed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='audience',
            name='removed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='audience',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('name', ''), _negated=True), ('removed_at__isnull', True)), fields=('tenant', 'name'), name='audience_name_once'),
        ),
    ]
