"""The page in the admin's index, for those who may view releases."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from static_releases.report import views
from static_releases.report.models import Release


@admin.register(Release)
class ReleaseAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Shows the store's releases in the place of a list of rows. Nothing can be changed here."""

    def get_urls(self) -> list[URLPattern]:
        name = "static_releases_report_release"
        return [
            path("", self._read_only(views.overview), name=f"{name}_changelist"),
            path("diff/", self._read_only(views.diff), name=f"{name}_diff"),
            path("prune/", self._read_only(views.prune), name=f"{name}_prune"),
            path("release/<str:version>/", self._read_only(views.release), name=f"{name}_release"),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Release | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Release | None = None) -> bool:
        return False

    def _read_only(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """Answer GET and HEAD, from staff who have the permission."""

        def answer(request: HttpRequest, **arguments: Any) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            return view(views.Frame(self.admin_site, request), **arguments)

        return self.admin_site.admin_view(require_safe(answer))
