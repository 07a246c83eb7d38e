"""What the admin needs to link the page and to know who may see it; no table, no migration."""

from typing import ClassVar

from django.db import models


class ReleaseManager(models.Manager["Release"]):
    """Finds nothing, and asks no database: releases live in the store."""

    def get_queryset(self) -> models.QuerySet["Release"]:
        return super().get_queryset().none()


class Release(models.Model):
    """A name in the admin's index, and the permission ``static_releases_report.view_release``.

    ``migrate`` makes the permission and nothing else. The manager answers what goes over all
    models, such as `dumpdata`.
    """

    objects: ClassVar[ReleaseManager] = ReleaseManager()

    class Meta:
        managed = False
        default_permissions = ("view",)
        base_manager_name = "objects"
        verbose_name = "release"
        verbose_name_plural = "releases"
