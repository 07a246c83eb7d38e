"""Google's XML API in front of fake-gcs-server, which has it only in part.

obstore's Google client speaks the XML API; fake-gcs-server answers its uploads with 400 and lists
without pages. This front turns uploads, copies and listings into the server's JSON API, so that
what is stored, what a generation is and when a write is refused (412) stay the server's. Reads and
deletes pass as they are, and so an object with `Content-Encoding: gzip` is sent decoded to whoever
does not ask for gzip, as Google does.

Two things it adds, because a public Google bucket has them: nobody writes without the token, and
an ETag is the quoted hex MD5. Multipart uploads are answered with 501.

Standard library only, run by path as a process of its own.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import http.client
import json
import os
import threading
import uuid
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit
from xml.sax.saxutils import escape

HOST = "127.0.0.1"
PAGE = 1000
TOKEN_VARIABLE = "GCS_FRONT_TOKEN"
META = "x-goog-meta-"

# Fields of the JSON API's resource by the XML API's headers.
FIELDS = {
    "content-type": "contentType",
    "content-encoding": "contentEncoding",
    "cache-control": "cacheControl",
    "content-disposition": "contentDisposition",
    "content-language": "contentLanguage",
}
COPIED = (*FIELDS.values(), "metadata")

# Headers that belong to one connection, and that http.client or http.server write themselves.
HOP_HEADERS = frozenset(
    {"connection", "date", "host", "server", "transfer-encoding", "content-length"}
)


class Target(NamedTuple):
    """What a request path names: a bucket, an object in it (None for the bucket), the query."""

    bucket: str
    name: str | None
    query: dict[str, str]


class Reply(NamedTuple):
    """An HTTP answer, from the server or made here."""

    status: int
    headers: dict[str, str]
    body: bytes


def parse_target(raw: str) -> Target:
    """Split a request target; the object's name is decoded once."""
    parts = urlsplit(raw)
    bucket, _, name = parts.path.removeprefix("/").partition("/")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return Target(unquote(bucket), unquote(name) or None, query)


def object_path(bucket: str, name: str) -> str:
    """Return an object's path in the JSON API."""
    return f"/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"


def as_xml_etag(md5_base64: str) -> str:
    """Turn the JSON API's MD5 into the XML API's ETag; leave alone what is none."""
    try:
        digest = base64.b64decode(md5_base64.strip('"'), validate=True)
    except binascii.Error:
        return md5_base64
    return f'"{digest.hex()}"'


def metadata(name: str, headers: dict[str, str]) -> dict[str, Any]:
    """Return the JSON resource of an upload, from its XML headers."""
    own = {key.removeprefix(META): headers[key] for key in headers if key.startswith(META)}
    given = {FIELDS[key]: headers[key] for key in FIELDS if key in headers}
    return {"name": name, **given, **({"metadata": own} if own else {})}


def multipart(resource: dict[str, Any], body: bytes) -> tuple[str, bytes]:
    """Return the content type and body of a JSON API upload of a resource and its bytes."""
    boundary = uuid.uuid4().hex
    content_type = resource.get("contentType", "application/octet-stream")
    head = (
        f"--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"
        f"{json.dumps(resource)}\r\n"
        f"--{boundary}\r\nContent-Type: {content_type}\r\n\r\n"
    )
    return f"multipart/related; boundary={boundary}", b"%b%b\r\n--%b--\r\n" % (
        head.encode(),
        body,
        boundary.encode(),
    )


def listing_query(query: dict[str, str]) -> dict[str, str]:
    """Return the JSON API's listing parameters for the XML API's (`list-type=2`)."""
    names = {"prefix": "prefix", "delimiter": "delimiter", "continuation-token": "pageToken"}
    wanted = {names[key]: value for key, value in query.items() if key in names and value}
    if "start-after" in query:
        wanted["startOffset"] = query["start-after"]
    return wanted | {"maxResults": query.get("max-keys", str(PAGE))}


def listing_xml(bucket: str, page: dict[str, Any], *, after: str | None) -> str:
    """Return a page of the JSON API's listing as the XML API's."""
    contents = [entry_xml(item) for item in page.get("items", []) if item["name"] != after]
    prefixes = [
        f"<CommonPrefixes><Prefix>{escape(prefix)}</Prefix></CommonPrefixes>"
        for prefix in page.get("prefixes", [])
    ]
    token = page.get("nextPageToken")
    more = f"<NextContinuationToken>{escape(token)}</NextContinuationToken>" if token else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<ListBucketResult xmlns="http://doc.s3.amazonaws.com/2006-03-01">'
        f"<Name>{escape(bucket)}</Name><KeyCount>{len(contents)}</KeyCount>"
        f"<IsTruncated>{'true' if token else 'false'}</IsTruncated>{more}"
        f"{''.join(contents)}{''.join(prefixes)}</ListBucketResult>"
    )


def entry_xml(item: dict[str, Any]) -> str:
    """Return one object of a listing."""
    return (
        f"<Contents><Key>{escape(item['name'])}</Key><Generation>{item['generation']}</Generation>"
        f"<LastModified>{item['updated']}</LastModified>"
        f"<ETag>{escape(as_xml_etag(item['md5Hash']))}</ETag><Size>{item['size']}</Size></Contents>"
    )


def error(status: int, code: str, message: str) -> Reply:
    """Return an error in the XML API's shape."""
    body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return Reply(status, {"Content-Type": "application/xml"}, body.encode())


class Backend:
    """fake-gcs-server, over one kept connection a thread."""

    def __init__(self, port: int) -> None:
        """Remember the port; a thread connects with its first request."""
        self._port = port
        self._local = threading.local()

    def ask(
        self, method: str, target: str, headers: dict[str, str], body: bytes | None = None
    ) -> Reply:
        """Send one request and return the whole answer."""
        connection = self._connection()
        try:
            connection.request(method, target, body=body, headers=headers)
            response = connection.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read())
        except (OSError, http.client.HTTPException) as problem:
            connection.close()
            return error(502, "BadGateway", f"fake-gcs-server gave no answer: {problem!r}")

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection(HOST, self._port, timeout=60)
        connection: http.client.HTTPConnection = self._local.connection
        return connection

    def forget(self) -> None:
        """Close this thread's connection."""
        if hasattr(self._local, "connection"):
            self._local.connection.close()
            del self._local.connection


class Front(BaseHTTPRequestHandler):
    """One connection of a client; each request becomes one of the server's."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # The head and the body of an answer leave in one packet.
    wbufsize = 1 << 16
    backend: ClassVar[Backend]
    token: ClassVar[str]

    def do_GET(self) -> None:
        """Read an object or list a bucket."""
        target = parse_target(self.path)
        self._reply(self._list(target) if target.name is None else self._pass())

    def do_HEAD(self) -> None:
        """Look at an object."""
        self._reply(self._pass())

    def do_PUT(self) -> None:
        """Upload or copy an object."""
        target, body = parse_target(self.path), self._body()
        if "x-goog-copy-source" in self.headers:
            self._reply(self._copy(target))
        elif target.name is None or target.query:
            self._reply(error(501, "NotImplemented", "Only whole objects are put through here."))
        else:
            self._reply(self._upload(target, body))

    def do_DELETE(self) -> None:
        """Delete an object."""
        self._reply(self._pass())

    def do_POST(self) -> None:
        """Refuse a multipart upload."""
        self._body()
        self._reply(error(501, "NotImplemented", "There are no multipart uploads here."))

    def _pass(self) -> Reply:
        headers = self._lower_headers() - HOP_HEADERS
        wanted = {name: self.headers[name] for name in headers - {"authorization"}}
        return self._ask(self.command, self.path, wanted)

    def _upload(self, target: Target, body: bytes) -> Reply:
        assert target.name is not None
        headers = {name: value_of(self.headers[name]) for name in self._lower_headers()}
        return self._write(target.bucket, metadata(target.name, headers), body)

    def _copy(self, target: Target) -> Reply:
        """Copy by reading and writing: the server's own copy ignores the precondition."""
        bucket, _, name = self.headers["x-goog-copy-source"].removeprefix("/").partition("/")
        path = f"/storage/v1{object_path(unquote(bucket), unquote(name))}"
        described = self._ask("GET", path, {})
        content = self._ask("GET", f"{path}?alt=media", {"Accept-Encoding": "gzip"})
        if described.status != 200 or content.status != 200:
            return error(described.status, "NoSuchKey", f"{bucket}/{name} can't be copied.")
        source = json.loads(described.body)
        resource = {field: source[field] for field in COPIED if field in source}
        return self._write(target.bucket, resource | {"name": target.name}, content.body)

    def _write(self, bucket: str, resource: dict[str, Any], body: bytes) -> Reply:
        content_type, whole = multipart(resource, body)
        generation = self.headers.get("x-goog-if-generation-match")
        condition = {} if generation is None else {"ifGenerationMatch": generation}
        query = urlencode({"uploadType": "multipart", **condition})
        path = f"/upload/storage/v1/b/{quote(bucket, safe='')}/o?{query}"
        return self._written(self._ask("POST", path, {"Content-Type": content_type}, whole))

    def _written(self, reply: Reply) -> Reply:
        if reply.status != 200:
            return error(reply.status, http.client.responses[reply.status], reply.body.decode())
        resource = json.loads(reply.body)
        etag = as_xml_etag(resource["md5Hash"])
        return Reply(200, {"ETag": etag, "x-goog-generation": resource["generation"]}, b"")

    def _list(self, target: Target) -> Reply:
        query = urlencode(listing_query(target.query))
        path = f"/storage/v1/b/{quote(target.bucket, safe='')}/o?{query}"
        reply = self._ask("GET", path, {})
        if reply.status != 200:
            return error(reply.status, http.client.responses[reply.status], reply.body.decode())
        page = json.loads(reply.body)
        xml = listing_xml(target.bucket, page, after=target.query.get("start-after"))
        return Reply(200, {"Content-Type": "application/xml; charset=UTF-8"}, xml.encode())

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None
    ) -> Reply:
        if not self._is_allowed():
            return error(401, "AuthenticationRequired", "Authentication required.")
        return self.backend.ask(method, path, headers, body)

    def _is_allowed(self) -> bool:
        given = self.headers.get("Authorization")
        if given is None:
            return self.command in {"GET", "HEAD"}
        return given == f"Bearer {self.token}"

    def _lower_headers(self) -> set[str]:
        return {name.lower() for name in self.headers}

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _reply(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            if name.lower() not in HOP_HEADERS:
                self.send_header(name, as_xml_etag(value) if name.lower() == "etag" else value)
        self.send_header("Content-Length", length_of(reply, self.command))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def finish(self) -> None:
        """Let go of the server when the client has gone."""
        with suppress(OSError):
            super().finish()
        self.backend.forget()

    def log_message(self, *_: object) -> None:
        """Write no line a request."""


def value_of(header: str) -> str:
    """Return a header's value as the client meant it: UTF-8, which http.server reads as Latin-1."""
    return header.encode("latin-1").decode("utf-8", errors="replace")


def length_of(reply: Reply, method: str) -> str:
    """Return an answer's length; that of a HEAD is what the server said."""
    if method != "HEAD":
        return str(len(reply.body))
    return {name.lower(): value for name, value in reply.headers.items()}.get("content-length", "0")


class FrontServer(ThreadingHTTPServer):
    """The listening socket, with room for many clients at once."""

    daemon_threads = True
    request_queue_size = 256


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description="Google's XML API before fake-gcs-server.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--backend-port", type=int, required=True)
    arguments = parser.parse_args()
    Front.backend = Backend(arguments.backend_port)
    Front.token = os.environ[TOKEN_VARIABLE]
    FrontServer((HOST, arguments.port), Front).serve_forever()


if __name__ == "__main__":
    main()
