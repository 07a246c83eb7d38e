"""A project's own storage classes, as they are found in the wild."""

from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin
from storages.backends.azure_storage import AzureStorage
from storages.backends.gcloud import GoogleCloudStorage
from storages.backends.s3 import S3ManifestStaticStorage, S3StaticStorage, S3Storage


class Azure(AzureStorage):
    account_name = "of-the-class"
    account_key = "Y2xhc3M="
    azure_container = "class-container"
    location = "class-location"
    cache_control = "max-age=1"
    expiration_secs = None


class S3(S3StaticStorage):
    bucket_name = "class-bucket"
    region_name = "eu-west-1"
    location = "class-location"
    custom_domain = "cdn.class.example"
    object_parameters = {"CacheControl": "max-age=2"}


class Google(GoogleCloudStorage):
    bucket_name = "class-bucket"
    location = "class-location"
    querystring_auth = False
    object_parameters = {"cache_control": "max-age=3"}


class VersionFirst(Azure):
    """What many projects wrote: the version before every name."""

    location = ""

    def _get_valid_path(self, name: str) -> str:
        return super()._get_valid_path(f"{settings.RELEASE_VERSION}/{name}")


class VersionAsLocation(S3):
    @property
    def location(self) -> str:
        return f"assets/{settings.RELEASE_VERSION}"


class FolderAndVersion(Azure):
    location = ""

    def _get_valid_path(self, name: str) -> str:
        return super()._get_valid_path(f"assets/{settings.RELEASE_VERSION}/{name}")


class VersionBeforeLocation(Azure):
    def _get_valid_path(self, name: str) -> str:
        return f"{settings.RELEASE_VERSION}/{super()._get_valid_path(name)}"


class SomethingElseFirst(Azure):
    def _get_valid_path(self, name: str) -> str:
        return super()._get_valid_path(f"tenant-7/{name}")


class Renames(Azure):
    def _get_valid_path(self, name: str) -> str:
        return super()._get_valid_path(name.upper())


class Saves(S3):
    def _save(self, name: str, content: Any) -> Any:
        return super()._save(name, content)


class SavesInTwoPlaces:
    def save(self, name: str, content: Any, max_length: int | None = None) -> str:
        return str(super().save(f"copy/{name}", content, max_length))


class SavesElsewhere(SavesInTwoPlaces, Azure):
    pass


class PostProcesses(S3):
    def post_process(self, paths: dict[str, Any], **_options: Any) -> Any:
        return ()


class OwnParameters(Google):
    def get_object_parameters(self, name: str) -> dict[str, Any]:
        return {"content_language": name}


class OwnUrl(S3):
    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        return f"https://elsewhere.example/{name}"


class Hashed(ManifestFilesMixin, S3):
    pass


class StockManifest(S3ManifestStaticStorage):
    bucket_name = "class-bucket"


class Signed(S3Storage):
    bucket_name = "class-bucket"
    querystring_auth = True


class OwnOption(Azure):
    def get_default_settings(self) -> dict[str, Any]:
        return {**super().get_default_settings(), "shade": "blue"}


class Fails(Azure):
    def __init__(self, **options: Any) -> None:
        raise RuntimeError("AccountKey=c2VjcmV0")
