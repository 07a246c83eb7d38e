from django.templatetags.static import static
from rest_framework import filters, serializers, viewsets

from shop.models import Piece


class PieceSerializer(serializers.ModelSerializer):
    collection = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    page = serializers.CharField(source="get_absolute_url", read_only=True)
    picture = serializers.SerializerMethodField()

    class Meta:
        model = Piece
        fields = [
            "slug",
            "name",
            "collection",
            "line",
            "price_euros",
            "materials",
            "maker",
            "page",
            "picture",
        ]

    def get_picture(self, piece: Piece) -> str:
        return static(piece.small_picture)


class PieceViewSet(viewsets.ReadOnlyModelViewSet):
    """The pieces of the shop. Add ?search= to look in name, line, materials and maker."""

    queryset = Piece.objects.select_related("collection")
    serializer_class = PieceSerializer
    lookup_field = "slug"
    filter_backends = [filters.SearchFilter]
    search_fields = ["name", "line", "materials", "maker"]
