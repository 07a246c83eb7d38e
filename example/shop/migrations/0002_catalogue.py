from typing import Any

from django.db import migrations

from shop.catalogue import COLLECTIONS, PIECES


def stock(apps: Any, schema_editor: Any) -> None:
    collections = {
        slug: apps.get_model("shop", "Collection").objects.create(slug=slug, name=name, line=line)
        for slug, (name, line) in COLLECTIONS.items()
    }
    for piece in PIECES:
        fields = piece._asdict() | {"collection": collections[piece.collection]}
        apps.get_model("shop", "Piece").objects.create(**fields)


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunPython(stock, migrations.RunPython.noop)]
