"""Ask the site for its first page, for the image's HEALTHCHECK; the image needs no curl.

The request bears a host of ALLOWED_HOSTS: with another one Django answers 400.
"""

import http.client
import os
import sys

HOST = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].lstrip(".*") or "localhost"

connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=4)
try:
    connection.request("GET", "/", headers={"Host": HOST})
    status = connection.getresponse().status
except OSError as error:
    sys.exit(f"The first page didn't answer: {error}.")
sys.exit(f"The first page answered {status}." if status >= 400 else 0)
