from django.urls import path

from shop import views

urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("pieces/", views.PieceList.as_view(), name="pieces"),
    path("pieces/<slug:slug>/", views.PieceDetail.as_view(), name="piece"),
    path("collections/<slug:slug>/", views.PieceList.as_view(), name="collection"),
    path("workshop/", views.About.as_view(), name="about"),
    path("ask/", views.Ask.as_view(), name="ask"),
]
