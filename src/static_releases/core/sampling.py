"""Choose a few assets that stand for all: the same for the same manifest."""

from static_releases.core.model import Asset, Manifest


def sample(manifest: Manifest, count: int) -> tuple[Asset, ...]:
    """Return that many assets, sorted by path: each content type first, the rest spread evenly.

    Of a type it is the largest, as what is wrong with large files is often wrong with them alone.
    """
    assets = manifest.assets
    if count >= len(assets):
        return assets
    chosen: dict[str, Asset] = {}
    for asset in sorted(assets, key=lambda a: (-a.size_bytes, a.path)):
        chosen.setdefault(asset.headers.content_type, asset)
    paths = [asset.path for asset in chosen.values()][:count]
    left = [asset for asset in assets if asset.path not in set(paths)]
    wanted = count - len(paths)
    paths += [left[number * len(left) // wanted].path for number in range(wanted)]
    return tuple(manifest.by_path[path] for path in sorted(paths))
