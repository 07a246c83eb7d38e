from django.contrib import admin

from shop.models import Collection, Enquiry, Piece

admin.site.site_header = "Lantern & Loom"
admin.site.site_title = "Lantern & Loom"
admin.site.index_title = "The back room"


@admin.register(Collection)
class CollectionAdmin(admin.ModelAdmin):
    list_display = ["name", "line"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Piece)
class PieceAdmin(admin.ModelAdmin):
    list_display = ["name", "collection", "price_euros", "maker", "is_new"]
    list_filter = ["collection", "maker", "is_new"]
    list_editable = ["price_euros", "is_new"]
    search_fields = ["name", "line", "materials"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Enquiry)
class EnquiryAdmin(admin.ModelAdmin):
    list_display = ["name", "country", "warmth_kelvin", "asked_at"]
    date_hierarchy = "asked_at"
