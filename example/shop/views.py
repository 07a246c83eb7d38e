from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.views.generic import CreateView, DetailView, ListView, TemplateView

from shop.forms import EnquiryForm
from shop.models import Collection, Enquiry, Piece

SHIPS_TO = [
    "PT",
    "ES",
    "FR",
    "BE",
    "NL",
    "DE",
    "DK",
    "SE",
    "NO",
    "FI",
    "IE",
    "GB",
    "IT",
    "AT",
    "CH",
    "JP",
]


class Home(TemplateView):
    template_name = "shop/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        new = Piece.objects.filter(is_new=True)
        return super().get_context_data(new=new, collections=Collection.objects.all(), **kwargs)


class PieceList(ListView):
    """All pieces, those of one collection, or those that a search finds."""

    template_name = "shop/pieces.html"
    context_object_name = "pieces"

    def get_queryset(self) -> QuerySet[Piece]:
        pieces = Piece.objects.select_related("collection")
        if slug := self.kwargs.get("slug"):
            pieces = pieces.filter(collection=get_object_or_404(Collection, slug=slug))
        for word in self.request.GET.get("q", "").split():
            pieces = pieces.filter(
                Q(name__icontains=word)
                | Q(line__icontains=word)
                | Q(materials__icontains=word)
                | Q(maker__icontains=word)
            )
        return pieces

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            collections=Collection.objects.all(),
            collection=Collection.objects.filter(slug=self.kwargs.get("slug")).first(),
            query=self.request.GET.get("q", ""),
            **kwargs,
        )


class PieceDetail(DetailView):
    template_name = "shop/piece.html"
    context_object_name = "piece"
    queryset = Piece.objects.select_related("collection")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        others = Piece.objects.filter(collection=self.object.collection).exclude(pk=self.object.pk)[
            :3
        ]
        return super().get_context_data(others=others, **kwargs)


class About(TemplateView):
    template_name = "shop/about.html"
    extra_context = {"flags": [(code, f"flags/{code.lower()}.gif") for code in SHIPS_TO]}


class Ask(CreateView):
    template_name = "shop/ask.html"
    form_class = EnquiryForm
    model = Enquiry
    success_url = reverse_lazy("ask")

    def form_valid(self, form: EnquiryForm) -> Any:
        messages.success(self.request, "Thank you. We write back by hand, usually within two days.")
        return super().form_valid(form)
