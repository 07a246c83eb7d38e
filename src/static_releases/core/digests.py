"""What identifies an asset's bytes: their sha256, and the integrity that a browser asks for."""

import base64
import hashlib
import zlib


class Digests:
    """Takes an asset's bytes in pieces, as they are stored, and tells what they are.

    A browser compares an integrity value with what it has after decoding (W3C SRI, "Does response
    match metadataList"), so that of a body stored as gzip is taken from the decoded bytes.
    """

    def __init__(self, content_encoding: str | None = None) -> None:
        self.size_bytes = 0
        self._sha256 = hashlib.sha256()
        self._sha384 = hashlib.sha384()
        self._is_known = content_encoding in {None, "", "identity", "gzip"}
        self._gzip = zlib.decompressobj(wbits=31) if content_encoding == "gzip" else None

    def add(self, chunk: bytes) -> None:
        """Take the next piece."""
        self.size_bytes += len(chunk)
        self._sha256.update(chunk)
        if self._gzip is None:
            self._sha384.update(chunk)
            return
        try:
            self._sha384.update(self._gzip.decompress(chunk))
        except zlib.error:
            self._is_known = False

    @property
    def digest(self) -> str:
        """The sha256 of the bytes as they are stored, in hex."""
        return self._sha256.hexdigest()

    @property
    def integrity(self) -> str:
        """The value for the attribute ``integrity``; "", which asks for nothing, if unknown."""
        if not self._is_known or (self._gzip is not None and not self._gzip.eof):
            return ""
        return "sha384-" + base64.b64encode(self._sha384.digest()).decode()
