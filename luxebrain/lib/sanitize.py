"""Text of strangers made harmless: HTML down to plain formatting, plain text without any tag.

Two independent parsers look at HTML: nh3 first, bleach second, until nothing changes any more. Both
functions are idempotent, so that what is stored can be sent again.
"""

import html
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

import nh3
from bleach.sanitizer import Cleaner

TAGS = frozenset({"p", "br", "strong", "em", "u", "a", "ul", "ol", "li"})
SCHEMES = frozenset({"http", "https", "mailto"})
REL = "noopener noreferrer nofollow"
# Old names of what is allowed, and blocks whose end separates words. The first pass writes them without
# attributes and escapes every other "<", so that they can be replaced as text.
_OLD = {"b": "strong", "i": "em", **{f"h{level}": "p" for level in range(1, 7)}}
_BLOCKS = ("div", "blockquote", "section", "article", "tr")
_RENAMED = {f"<{end}{old}>": f"<{end}{new}>" for old, new in _OLD.items() for end in ("", "/")}
_CELLS = ("td", "th")
_REPLACED = (
    _RENAMED
    | dict.fromkeys((f"<{block}>" for block in (*_BLOCKS, *_CELLS)), "")
    | dict.fromkeys((f"</{block}>" for block in _BLOCKS), "<br>")
    | dict.fromkeys((f"</{cell}>" for cell in _CELLS), " ")
)
_OLD_TAG = re.compile("|".join(map(re.escape, _REPLACED)))
_BREAKS = re.compile(r"(?:<br>\s*){3,}")
_EDGE_BREAKS = re.compile(r"^(?:\s|<br>)+|(?:\s|<br>)+$")
_NO_MARKUP = re.compile(r"[^<>&\x00-\x08\x0b-\x1f\x7f-\xa0\ud800-\udfff]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_HALF_REFERENCE = re.compile(r"&#?\w{0,31}$", re.ASCII)
_ROUNDS = 4

# Marks that show nothing and join nothing: they only make two texts differ that look the same.
UNSEEN = re.compile(
    "[\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2060-\u2064\u2800\u3164\ufeff\uffa0\U000e0000-\U000e007f]"
)
# Joiners shape emoji and Persian; between ASCII letters they hide.
_IDLE_JOINER = re.compile("(?<=[\x00-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?=[\x00-\x7f]|$)|^[\u200c\u200d]+")


def sanitize_html(value: str) -> str:
    """HTML with p, br, strong, em, u, a, ul, ol and li at most; links lead to http, https or mailto.

    b and i become strong and em, headings become paragraphs, ends of blocks become breaks; every other
    tag goes and its text stays, but for script and style, which go with what is in them.
    """
    if _NO_MARKUP.fullmatch(value):
        return value.strip()
    return _sanitize(value)


@lru_cache(maxsize=512)  # shops send the same description again with every change of stock
def _sanitize(value: str) -> str:
    for _ in range(_ROUNDS):
        value = _second_pass(_first_pass(value))
        if _first_pass(value) == value:  # the second parser is slow, and would not change it either
            return value
    # Two parsers that do not come to agree: no markup at all.
    return _second_pass(_first_pass(html.escape(strip_tags(value), quote=False)))


def _first_pass(value: str) -> str:
    cleaned = nh3.clean(
        _CONTROL.sub("", value),
        tags={*TAGS, *_OLD, *_BLOCKS, *_CELLS},
        attributes={"a": {"href"}},
        url_schemes=set(SCHEMES),
        url_relative="deny",
        link_rel=REL,
    )
    cleaned = _OLD_TAG.sub(lambda found: _REPLACED[found[0]], cleaned)
    return _EDGE_BREAKS.sub("", _BREAKS.sub("<br><br>", cleaned))


def _second_pass(value: str) -> str:
    cleaner = Cleaner(tags=TAGS, attributes={"a": ["href", "rel"]}, protocols=SCHEMES, strip=True)
    return cleaner.clean(value).strip()


def strip_tags(value: str) -> str:
    """Text without tags, also without those that were hidden as character references."""
    value = _CONTROL.sub("", value)
    for _ in range(6):
        if "<" not in value and "&" not in value:
            return value
        cleaned = html.unescape(nh3.clean(value, tags=set()))
        if cleaned == value:
            return value
        value = cleaned
    return value.replace("<", "").replace("&", "")


def plain(value: str) -> str:
    """One line of text: no tags, no unseen characters, composed (NFC), single spaces."""
    if value.isascii() and value.isprintable() and "<" not in value and "&" not in value:
        return " ".join(value.split())
    for _ in range(_ROUNDS):
        cleaned = _plain_once(value)
        if cleaned == value:
            return value
        value = cleaned
    return " ".join(value.replace("<", "").replace("&", "").split())


def _plain_once(value: str) -> str:
    text = _seen(strip_tags(_seen(value)))  # before, or "<" and a tag's name would meet too late
    return " ".join(text.split())


def _seen(value: str) -> str:
    return _IDLE_JOINER.sub("", UNSEEN.sub("", unicodedata.normalize("NFC", value)))


def cut_html(value: str, limit: int) -> str:
    """Cuts, then cleans, so that no half-open tag is kept; the result has at most `limit` characters."""
    return _cut(value, limit, sanitize_html)


def cut_text(value: str, limit: int) -> str:
    """Cuts, then cleans, to at most `limit` characters of plain text."""
    return _cut(value, limit, plain)


def _cut(value: str, limit: int, clean: Callable[[str], str]) -> str:
    size = limit
    while True:
        cleaned = clean(value if len(value) <= size else _HALF_REFERENCE.sub("", value[:size]))
        if len(cleaned) <= limit:
            return cleaned
        size = size * limit // len(cleaned)  # cleaning escapes and sets rel, so text can grow
