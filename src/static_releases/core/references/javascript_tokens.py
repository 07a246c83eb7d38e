"""Where the comments, strings, templates and regular expressions of a script are.

By the lexical grammar of ECMA-262. Whether a slash divides or begins a regular expression depends
on what stands before it. That is mostly one byte or one word; only after ``)`` and ``}`` is it
what stood before their opening bracket, so open brackets are kept, and looked at when a slash asks.
"""

import re
from collections.abc import Generator, Iterator

from static_releases.core.references.model import Hides, Span

_TOKEN = re.compile(
    rb"(?P<comment>//[^\n\r]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z))"
    rb'|(?P<string>"(?:[^"\\\n\r]++|\\(?:\r\n|[\s\S]|\Z))*+"?+'
    rb"|'(?:[^'\\\n\r]++|\\(?:\r\n|[\s\S]|\Z))*+'?+)"
    rb"|`|/|\(|\)|\{|\}"
)
_TEMPLATE = re.compile(rb"(?:[^`\\$]++|\\(?:[\s\S]|\Z)|\$(?!\{))*+(`|\$\{|\Z)")
# What is never closed ends with its line, as with a string.
_REGEX = re.compile(
    rb"/(?:[^\\/\[\n\r]++|\\[^\n\r]|\[(?:[^\]\\\n\r]++|\\[^\n\r])*+\]?+)++(?:/[\w$]*+)?+"
)
_HASHBANG = re.compile(rb"#![^\n\r]*+")
_FUNCTION = re.compile(rb"(?<![\w$.#])(?:async[ \t]+)?function\s*\*?\s*[\w$]*\s*\Z")
_LONGEST_FUNCTION_NAME = 200

_SPACES = frozenset(b" \t\n\r\v\f")
_NAME_BYTES = frozenset(range(0x80, 0x100)) | frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$"
)
_LONGEST_KEYWORD = len("instanceof")
_BEFORE_OPERAND = frozenset(
    b"await case default delete in instanceof new return throw typeof void yield".split()
)
_BEFORE_STATEMENT = frozenset(b"do else finally try".split())
_BEFORE_CONDITION = frozenset(b"for if while with".split())
_OPENING = frozenset({b"(", b"{"})
_CLOSING = frozenset({b")", b"}"})
_SUBSTITUTION = -1


def spans(data: bytes) -> Iterator[Span]:
    """Yield the tokens that hide what they hold, in order, however broken the script is."""
    return _Tokenizer(data).spans()


class _Tokenizer:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.comments: dict[int, int] = {}  # end -> start
        self.value_end = -1  # of the last string, template or regular expression
        # Of each open bracket: where it is, and where the bracket that closed before it opened.
        self.brackets: list[tuple[int, int]] = []
        self.closed = (0, 0)

    def spans(self) -> Iterator[Span]:
        position: int | None = 0
        if hashbang := _HASHBANG.match(self.data):
            position = hashbang.end()
            yield Span(0, position, Hides.COMMENT)
        while position is not None:
            position = yield from self._spans(position)

    def _spans(self, position: int) -> Generator[Span, None, int | None]:
        """Yield spans up to one that is longer than its first bytes tell, and return its end."""
        for token in _TOKEN.finditer(self.data, position):
            span = self._span(token)
            if span:
                self._note(span)
                yield span
                if span.end != token.end():
                    return span.end
        return None

    def _span(self, token: re.Match[bytes]) -> Span | None:
        start, end = token.span()
        if token.lastgroup:
            return Span(start, end, Hides(token.lastgroup))
        text = token[0]
        if text in _OPENING:
            self.brackets.append((start, self.closed[0]))
            return None
        if text in _CLOSING:
            return self._close(start)
        if text == b"`":
            return self._template(start)
        regex = _REGEX.match(self.data, start) if self._begins_regex(start) else None
        return Span(start, regex.end(), Hides.OTHER) if regex else None

    def _note(self, span: Span) -> None:
        if span.hides is Hides.COMMENT:
            self.comments[span.end] = span.start
        elif not self.data.endswith(b"${", span.start, span.end):
            self.value_end = span.end

    def _close(self, position: int) -> Span | None:
        if not self.brackets:
            return None
        self.closed = self.brackets.pop()
        return self._template(position) if self.closed[0] == _SUBSTITUTION else None

    def _template(self, start: int) -> Span:
        """Return the text that follows a backtick, or the end of a substitution."""
        text = _TEMPLATE.match(self.data, start + 1)
        end = text.end() if text else len(self.data)
        if text and text[1] == b"${":
            self.brackets.append((_SUBSTITUTION, 0))
        return Span(start, end, Hides.STRING)

    def _begins_regex(self, slash: int) -> bool:
        end = self._end_before(slash)
        if end in {0, self.value_end}:
            return end == 0
        match self.data[end - 1 : end]:
            case b")":
                return self._has_condition_before(self.closed[0])
            case b"}":
                return self._is_block(*self.closed)
            case b"]" | b".":
                return False
            case b"+" | b"-":
                return self._is_sign(end)
        return not self._is_name(end) or self._is_before_operand(end)

    def _end_before(self, position: int) -> int:
        """Return where the token ends that comes before, whitespace and comments aside."""
        while True:
            while position and self.data[position - 1] in _SPACES:
                position -= 1
            if position not in self.comments:
                return position
            position = self.comments[position]

    def _is_name(self, end: int) -> bool:
        return end > 0 and self.data[end - 1] in _NAME_BYTES

    def _word(self, end: int) -> bytes:
        """Return the word that ends here; empty for a property's name and what is no keyword."""
        start, earliest = end, max(0, end - _LONGEST_KEYWORD - 1)
        while start > earliest and self.data[start - 1] in _NAME_BYTES:
            start -= 1
        is_property = self.data.endswith((b".", b"#"), 0, start)
        is_spread = self.data.endswith(b"...", 0, start)
        return b"" if is_property and not is_spread else self.data[start:end]

    def _is_before_operand(self, end: int) -> bool:
        word = self._word(end)
        if word == b"of":  # a word like any other but in the head of a loop
            return bool(self.brackets) and self._has_condition_before(self.brackets[-1][0])
        return word in _BEFORE_OPERAND or word in _BEFORE_STATEMENT

    def _has_condition_before(self, bracket: int) -> bool:
        """Tell whether a bracket belongs to ``if (...)`` and its like: a statement follows it."""
        end = self._end_before(max(0, bracket))
        word = self._word(end)
        if word == b"await":
            return self._word(self._end_before(end - len(word))) == b"for"
        return word in _BEFORE_CONDITION

    def _is_sign(self, end: int) -> bool:
        """Tell ``a + /x/`` from ``a++ / x``: the longest token is taken, so pairs go first."""
        sign, start = self.data[end - 1], end
        while start and self.data[start - 1] == sign:
            start -= 1
        return (end - start) % 2 == 1

    def _is_block(self, brace: int, bracket: int) -> bool:
        """Tell a brace that opened a block from one that opened an object or an expression."""
        end = self._end_before(max(0, brace))
        if self._is_name(end):
            return self._word(end) not in _BEFORE_OPERAND
        match self.data[max(0, end - 1) : end]:
            case b")":
                return not self._is_function_expression(bracket)
            case b">":
                return self.data.endswith(b"=>", 0, end)
            case b"" | b";" | b"{" | b"}" | b":" | b"]":
                return True
        return False

    def _is_function_expression(self, bracket: int) -> bool:
        earliest = max(0, bracket - _LONGEST_FUNCTION_NAME)
        function = _FUNCTION.search(self.data[earliest : max(0, bracket)])
        end = self._end_before(earliest + function.start()) if function else 0
        if self._is_name(end):
            return self._word(end) not in _BEFORE_STATEMENT | {b"default", b"export"}
        return self.data[max(0, end - 1) : end] not in {b"", b";", b"{", b"}", b")"}
