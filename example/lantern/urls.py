from django.contrib import admin
from django.urls import include, path
from rest_framework.routers import DefaultRouter
from shop.api import PieceViewSet

api = DefaultRouter()
api.register("pieces", PieceViewSet)

urlpatterns = [
    path("", include("shop.urls")),
    path("admin/", admin.site.urls),
    path("api/", include(api.urls)),
]
