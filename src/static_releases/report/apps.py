"""The page in Django's admin, as an app of its own: who doesn't want it doesn't install it."""

from django.apps import AppConfig


class ReportConfig(AppConfig):
    name = "static_releases.report"
    label = "static_releases_report"
    verbose_name = "Static releases"
    default_auto_field = "django.db.models.BigAutoField"
