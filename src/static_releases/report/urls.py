"""The page at an address of a project's own, beside the one in the admin.

Who may see it is the same: it asks the default admin site, to which the login leads.
"""

from django.contrib import admin

from static_releases.report.admin import ReleaseAdmin
from static_releases.report.models import Release

app_name = "static_releases_report"
urlpatterns = ReleaseAdmin(Release, admin.site).get_urls()
