"""A planned batch job that was removed is kept for a week."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recommendations', '0029_days_by_name'),
    ]

    operations = [
        migrations.AddField(
            model_name='batchschedule',
            name='removed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='batchschedule',
            name='next_at',
            field=models.DateTimeField(help_text='Empty: over, stopped or removed', null=True),
        ),
    ]
