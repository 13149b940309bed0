"""PlatformKey: what digests are made with that must stay the same when the secret key is changed."""

from django.db import models

from luxebrain.lib.sealed import SealedField

PURPOSE = "platform key"  # of what is sealed


class PlatformKey(models.Model):
    """One row a name. It belongs to no shop, and without the secret key it says nothing."""

    name = models.SlugField(primary_key=True, max_length=20)
    sealed = SealedField(purpose=PURPOSE)
    created_at = models.DateTimeField(db_default=models.functions.Now())
