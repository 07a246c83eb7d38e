"""What can go wrong, as one tree.

StaticReleasesError
├── InvalidSetting          an option, a store URL or a credential's form is wrong
│   └── InvalidVersion
├── CollectingError         what lies on the disk can't become a release
│   ├── InvalidPath
│   ├── UnreadableAsset
│   ├── AssetChanged
│   ├── AssetTooLarge
│   ├── NothingCollected
│   └── BrokenFiles
├── StoreError              the store refused or didn't answer
│   ├── ObjectExists
│   │   └── CreateUndecided
│   ├── ObjectMissing
│   ├── AccessDenied
│   │   └── CredentialFailed
│   ├── StoreMissing
│   ├── StoreUnreachable
│   └── CreateOnlyIgnored
├── ReleaseError            the version's history in the store forbids it
│   ├── ReleaseConflict
│   ├── ReleaseNotFound
│   ├── AssetNotFound
│   ├── ReleaseUnusable
│   └── PinConflict
├── DirectoryError          a directory can't take what is downloaded
├── InvalidDocument         a claim, seal or record can't be understood
├── RecordUnwritable        the release is published, and its record can't be left
└── NotReady                the public URL doesn't show the release
"""


class StaticReleasesError(Exception):
    """The base of every error that this package raises on purpose."""


class InvalidSetting(StaticReleasesError):
    """An option, a store URL or a credential's form is wrong."""


class InvalidVersion(InvalidSetting):
    """The string can't name a release."""


class CollectingError(StaticReleasesError):
    """What lies on the disk can't become a release."""


class InvalidPath(CollectingError):
    """A file's path can't be a key in every store and a URL in every browser."""


class UnreadableAsset(CollectingError):
    """A file can't be read, or isn't one."""


class AssetChanged(CollectingError):
    """A file changed or vanished while it was being published."""


class AssetTooLarge(CollectingError):
    """A file is over ``max_asset_bytes``."""


class NothingCollected(CollectingError):
    """There is no file to publish."""


class BrokenFiles(CollectingError):
    """The files hold an error that a browser would meet, such as a broken reference."""


class StoreError(StaticReleasesError):
    """The store refused a request or didn't answer it."""


class ObjectExists(StoreError):
    """A create-only request met a key that is taken."""


class CreateUndecided(ObjectExists):
    """Requests for one key met, and the store refused this one before it had decided."""


class ObjectMissing(StoreError):
    """No object has this key."""


class AccessDenied(StoreError):
    """The credential is missing, wrong, or may not do this."""


class CredentialFailed(AccessDenied):
    """What has to be asked for a credential, such as a storage class's, gave none."""


class StoreMissing(StoreError):
    """The container, bucket or folder isn't there."""


class StoreUnreachable(StoreError):
    """No answer came from the store's host."""


class CreateOnlyIgnored(StoreError):
    """The store lets a create-only request overwrite: it can't keep a release unchanged."""


class ReleaseError(StaticReleasesError):
    """The version's history in the store forbids the operation."""


class ReleaseConflict(ReleaseError):
    """The version is claimed for other files, or its folder holds other bytes."""


class ReleaseNotFound(ReleaseError):
    """The store knows no such release."""


class AssetNotFound(ReleaseError):
    """The release has no asset of this path."""


class ReleaseUnusable(ReleaseError):
    """The version is in a state in which this can't be done."""


class PinConflict(ReleaseError):
    """A pin's name doesn't say what was expected, or was pinned by another at the same time."""


class DirectoryError(StaticReleasesError):
    """A directory can't take what is downloaded: it holds other files, or can't be written."""


class InvalidDocument(StaticReleasesError):
    """A claim, seal or record isn't what it should be."""


class RecordUnwritable(StaticReleasesError):
    """The release is published, and its record can't be left on the disk."""


class NotReady(StaticReleasesError):
    """The public URL doesn't show the release as published."""
