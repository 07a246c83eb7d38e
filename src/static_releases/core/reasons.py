"""What the client library's errors say: one line of them, and nothing secret."""

import re

_SECRET = re.compile(
    r"(?i)((?:sig|signature|x-amz-signature|x-amz-credential|x-amz-security-token|token|key|secret)"
    r"(?:%3d|=))[^&\s\"')]+"
)
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")
_STATUS = re.compile(r"(?:status code:|\(code:) (?P<status>[1-5]\d\d(?: [A-Za-z ]+)?)")
_CODE = re.compile(r"<Code>([^<]+)</Code>")
_MESSAGE = re.compile(r"<Message>([^<\n]+)")
_CREDENTIAL = re.compile(r"External \w+ credential provider: ([^\n]+)")
_NO_ANSWER = re.compile(
    r"(?i)error sending request|connection (refused|reset|closed)|dns error|timed? ?out"
    r"|connect error|tcp connect"
)


def status(error: Exception) -> str | None:
    """Return the HTTP status that the error tells of, if it does."""
    match = _STATUS.search(str(error))
    return match["status"][:3] if match else None


def line(error: Exception) -> str:
    """Return what happened in one line without credentials: the library's errors go on for pages.

    That is the HTTP status with the code and message of the store's answer, else the first line.
    """
    text = str(error).strip()
    found = _STATUS.search(text)
    if found and "\n" in text:
        answer = (found["status"].strip(), *_CODE.findall(text)[:1], *_MESSAGE.findall(text)[:1])
        told = ", ".join(answer)
    else:
        told = text.partition("\n")[0] or type(error).__name__
    return _redacted(told)


def of_credential(error: Exception) -> str | None:
    """Return what a credential said that was asked and failed; None where that isn't the reason."""
    found = _CREDENTIAL.search(str(error))
    return _redacted(found[1]) if found else None


def _redacted(text: str) -> str:
    return _SECRET.sub(r"\1REDACTED", _USERINFO.sub("REDACTED@", text.strip()))


def is_no_answer(text: str) -> bool:
    """Tell whether the line says that nobody answered."""
    return _NO_ANSWER.search(text) is not None
