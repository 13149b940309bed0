"""T8: what people typed is asked only if it is a public https server, within bounds of time and size."""

import gzip
import io
import socket
import threading
import time
import zlib

import pytest
from django.core.exceptions import ValidationError

from luxebrain.lib import addresses, outbound
from tests.webserver import certificate, serving

INNER = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "017700000001", "0", "0.0.0.0",
    "10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192",
    "192.0.2.7", "198.18.0.1", "198.51.100.9", "203.0.113.80", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "168.63.129.16",
    "[::1]", "[::]", "[::127.0.0.1]", "[::ffff:169.254.169.254]", "[::ffff:8.8.8.8]", "[64:ff9b::7f00:1]",
    "[64:ff9b:1::a00:5]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[fec0::1]", "[fe80::1]", "[fd00:ec2::254]", "[ff02::1]", "[2001:db8::1]", "[100::1]", "[4000::1]",
    "localhost", "intranet", "metadata.google.internal", "printer.local", "db.lan", "localhost.", "a..b.example",
]  # fmt: skip
SHAPES = [
    "http://shop.example/", "https://shop.example:8443/", "https://shop.example:22", "ftp://shop.example/",
    "file:///etc/passwd", "gopher://shop.example/", "javascript:alert(1)", "data:text/plain,x", "//shop.example/",
    "https://", "https:///path", "", "shop.example", "https://user@shop.example/", "https://user:pw@shop.example/",
    "https://@shop.example/", "https://169.254.169.254#@shop.example/", "https://shop.example\\@169.254.169.254/",
    "https://shop.example /", "https://shop.example/\r\nHost: x", "https://shop.example/\x00", "https://[::1",
    "https://[fe80::1%25eth0]/", "https://１２７.0.0.1/", "https://ⓛocalhost/", "https://127。0。0。1/",
    "https://shop.example:99999/", "https://" + "a" * 3000 + ".example/", "https://xn--/",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700::6810:84e5", "2a00:1450:4001:80b::200e"]


@pytest.fixture
def names(monkeypatch):
    """names[host] = list of answers, one list of addresses per question; numbers go to the real resolver."""
    table, real, questions = {}, socket.getaddrinfo, []

    def getaddrinfo(host, port, *args, **options):
        key = str(host).rstrip(".")
        if key not in table:
            if not key.replace(".", "").isdigit() and ":" not in key:
                raise socket.gaierror(socket.EAI_NONAME, "not known")
            return real(host, port, *args, **options)
        questions.append(key)
        answers = table[key]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        kinds = [socket.AF_INET6 if ":" in one else socket.AF_INET for one in found]
        return [(kind, socket.SOCK_STREAM, 6, "", (one, port)) for kind, one in zip(kinds, found, strict=True)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    table.setdefault("localhost", [["127.0.0.1", "::1"]])
    names = type("Names", (dict,), {})(table)
    names.update = table.update
    names.questions = questions
    return names


@pytest.fixture
def allow(settings):
    def add(*origins):
        settings.OUTBOUND_ALLOWED = [*settings.OUTBOUND_ALLOWED, *origins]

    return add


def fails(url, **options):
    with pytest.raises(outbound.Unreachable) as caught:
        outbound.fetch(url, **options)
    return caught.value


@pytest.mark.parametrize("host", INNER)
def test_it_refuses_inner_addresses(host, names):
    """T8: private, shared, link-local, metadata, embedded and shorthand addresses, in forms and when asked."""
    with pytest.raises(ValidationError):
        outbound.check_address(f"https://{host}/")
    with pytest.raises(outbound.Refused):
        outbound.fetch(f"https://{host}/", timeout=1)


@pytest.mark.parametrize("url", SHAPES)
def test_it_refuses_what_is_no_plain_https_address(url, names):
    """T8: other schemes and ports, user names, parser tricks, look-alike characters."""
    with pytest.raises(ValidationError) as caught:
        outbound.check_address(url)
    assert caught.value.messages[0].endswith((".", "?"))
    with pytest.raises(outbound.Refused):
        outbound.fetch(url, timeout=1)


@pytest.mark.parametrize("address", PUBLIC)
def test_it_knows_public_addresses(address):
    assert addresses.is_public(address)


def test_it_takes_public_shops(names):
    names.update({"shop.example": [["93.184.216.34"]], "xn--bcher-kva.example": [["93.184.216.34"]]})
    for url in (
        "https://shop.example",
        "https://SHOP.example./feed?a=1#x",
        "https://shop.example:443/",
        "https://bücher.example/",
        "https://8.8.8.8/",
    ):
        outbound.check_address(url)
    assert addresses.read("https://SHOP.example./").host == "shop.example"
    assert addresses.read("https://bücher.example/").host == "xn--bcher-kva.example"


def test_it_refuses_a_name_if_any_of_its_addresses_is_inner(names):
    """T8."""
    names.update({"half.example": [["93.184.216.34", "10.0.0.1"]]})
    with pytest.raises(ValidationError, match="No public web server"):
        outbound.check_address("https://half.example/")
    with pytest.raises(outbound.Refused):
        outbound.fetch("https://half.example/")


def test_it_says_the_same_of_unknown_and_of_inner_names(names):
    """T8: the answer does not tell which names exist inside our network."""
    names.update({"db.shop.example": [["10.0.0.1"]]})
    said = []
    for host in ("db.shop.example", "no.shop.example"):
        with pytest.raises(outbound.Refused) as caught:
            outbound.fetch(f"https://{host}/")
        said.append(caught.value.detail.replace(host, ""))
    assert said[0] == said[1]


def test_it_guards_again_when_a_name_moves_after_the_form(names):
    """T8: a resolver that answers publicly first and privately later."""
    names.update({"moves.example": [["93.184.216.34"], ["127.0.0.1"]]})
    outbound.check_address("https://moves.example/")
    with pytest.raises(outbound.Refused):
        outbound.fetch("https://moves.example/")


def test_it_connects_to_the_address_that_it_checked(names, allow):
    """T8: the name is asked for once, so a rebinding resolver wins nothing."""
    with serving(lambda asked: (200, {}, b"first"), host="127.0.0.2") as first:
        with serving(lambda asked: (200, {}, b"second"), host="127.0.0.1", port=first.port) as second:
            names.update({"rebind.example": [["127.0.0.2"], ["127.0.0.1"]]})
            allow(f"http://rebind.example:{first.port}")
            answer = outbound.fetch(f"http://rebind.example:{first.port}/feed")
            assert (answer.content, names.questions, second.asked) == (b"first", ["rebind.example"], [])
            assert first.asked[0].headers["host"] == f"rebind.example:{first.port}"


def test_it_tries_the_next_address_of_a_name(names, allow):
    with serving(lambda asked: (200, {}, b"here")) as server:
        names.update({"two.example": [["127.0.0.9", "127.0.0.1"]]})
        allow(f"http://two.example:{server.port}")
        assert outbound.fetch(f"http://two.example:{server.port}/").content == b"here"


def test_it_checks_the_certificate_against_the_name(names, allow, tmp_path, monkeypatch):
    """T8: the connection goes to a number, TLS to the name."""
    with serving(lambda asked: (200, {}, {"ok": True}), tls=certificate(tmp_path, "good.example")) as server:
        names.update({"good.example": [["127.0.0.1"]], "evil.example": [["127.0.0.1"]]})
        for host in ("good.example", "evil.example"):
            allow(f"https://{host}:{server.port}")
        assert fails(f"https://good.example:{server.port}/").code == "certificate"  # an authority nobody knows
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        outbound.trust.cache_clear()
        try:
            assert outbound.fetch(f"https://good.example:{server.port}/").json() == {"ok": True}
            assert fails(f"https://evil.example:{server.port}/").code == "certificate"
        finally:
            outbound.trust.cache_clear()


def test_it_needs_the_very_origin_to_be_allowed(allow):
    """T8: trusted configuration names scheme, host and port; nothing is allowed without it."""
    with serving(lambda asked: (200, {}, b"")) as server:
        for origin in ((), (f"https://127.0.0.1:{server.port}",), ("http://127.0.0.1:1",), ("http://127.0.0.1",)):
            allow(*origin)
            with pytest.raises(outbound.Refused):
                outbound.fetch(server.url)
        allow(server.url)
        assert outbound.fetch(server.url).status == 200
        with pytest.raises(outbound.Refused):
            outbound.fetch(server.url.replace("http://", "http://user:pw@"))


@pytest.mark.parametrize(
    "place",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/",
        "//127.0.0.1:5432/",
        "https://[::ffff:169.254.169.254]/",
        "file:///etc/passwd",
        "https://localhost/",
    ],
)
def test_it_guards_every_hop_of_a_redirect(place, allow):
    """T8: a redirect to a metadata address is refused; unasked, it is not followed at all."""
    with serving(lambda asked: (302, {"Location": place}, b"")) as server:
        allow(server.url)
        assert outbound.fetch(server.url).status == 302
        with pytest.raises(outbound.Refused):
            outbound.fetch(server.url, follow=3)
        assert len(server.asked) == 2


def test_it_follows_so_many_hops_and_leaves_credentials_behind(names, allow):
    def answer(asked):
        if asked.path == "/loop":
            return 302, {"Location": "/loop"}, b""
        if asked.path == "/same":
            return 301, {"Location": "/there"}, b""
        return 200, {}, {"auth": asked.headers.get("authorization"), "path": asked.path}

    with serving(answer) as there, serving(lambda asked: (307, {"Location": f"{there.url}/there"}, b"")) as server:
        allow(server.url, there.url)
        headers = {"Authorization": "Basic c2VjcmV0"}
        assert outbound.fetch(f"{there.url}/same", follow=1, headers=headers).json() == {
            "auth": "Basic c2VjcmV0",
            "path": "/there",
        }
        moved = outbound.fetch(server.url, follow=1, headers=headers)
        assert moved.json() == {"auth": None, "path": "/there"}
        assert moved.url == f"{there.url}/there"
        assert outbound.fetch(f"{there.url}/loop", follow=4).status == 302
        assert outbound.fetch(server.url, method="POST", follow=1, json={}).status == 307  # a body is never sent on


def test_it_sends_method_headers_and_body(allow):
    with serving(lambda asked: (201, {"X-Page": "1"}, b"")) as server:
        allow(server.url)
        answer = outbound.fetch(f"{server.url}/a?b=1", method="POST", headers={"X-Key": "k"}, json={"a": "é"})
        outbound.fetch(server.url, method="POST", content=b"raw", headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.headers["x-page"]) == (201, "1")
    first, second = server.asked
    assert (first.method, first.path, first.query, first.headers["x-key"]) == ("POST", "/a", {"b": "1"}, "k")
    assert (first.body, first.headers["content-type"]) == ('{"a":"é"}'.encode(), "application/json")
    assert (second.body, second.headers["content-type"]) == (b"raw", "text/plain")


def drip(handler, data, pause):
    for byte in data:
        handler.wfile.write(bytes([byte]))
        time.sleep(pause)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"])
def test_it_hangs_up_on_a_server_that_drips(start, allow):
    """T8: a byte now and then in head or body does not hold a worker longer than the whole call may take."""

    def answer(asked):
        asked.handler.wfile.write(start)
        drip(asked.handler, b"HTTP/1.1 200 OK\r\nX: " + b"a" * 900, 0.05)

    with serving(answer) as server:
        allow(server.url)
        began = time.monotonic()
        assert fails(server.url, timeout=0.6).code == "too_slow"
        assert time.monotonic() - began < 10, "the drip takes 45 s"


def test_it_hangs_up_on_a_server_that_says_nothing(names, allow):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for scheme in ("http", "https"):  # https: the handshake never ends
            url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
            allow(url)
            began = time.monotonic()
            assert fails(url, timeout=0.4).code == "too_slow"
            assert time.monotonic() - began < 10


def test_it_does_not_wait_for_a_resolver_that_hangs(monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: answered.wait(60) and [])
    began = time.monotonic()
    with pytest.raises(outbound.Refused):
        outbound.fetch("https://shop.example/", timeout=0.3)
    assert time.monotonic() - began < 10
    answered.set()


def test_it_stops_reading_a_huge_body(allow):
    """T11: neither a declared nor an endless length is read to its end."""
    sent = []

    def endless(asked):
        asked.handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(4000):
            asked.handler.wfile.write(b"x" * 65536)
            sent.append(65536)

    with serving(endless) as server:
        allow(server.url)
        assert fails(server.url, max_bytes=100_000).code == "too_large"
    assert sum(sent) < 40_000_000  # what fits into socket buffers, not 260 MB
    with serving(lambda asked: (200, {}, b"x" * 100)) as server:
        allow(server.url)
        assert outbound.fetch(server.url, max_bytes=100).size == 100
        assert fails(server.url, max_bytes=99).code == "too_large"


def test_it_stops_unpacking_a_bomb(allow):
    """T11: 1 GB of zeros in 1 MB is stopped at the limit, without ever being in memory."""
    import tracemalloc

    engine = zlib.compressobj(9, wbits=31)
    bomb = b"".join([*(engine.compress(bytes(1_000_000)) for _ in range(1000)), engine.flush()])
    with serving(lambda asked: (200, {"Content-Encoding": "gzip"}, bomb)) as server:
        allow(server.url)
        tracemalloc.start()
        try:
            assert fails(server.url, max_bytes=2_000_000).code == "too_large"
            assert tracemalloc.get_traced_memory()[1] < 12_000_000
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    ("encoding", "body", "code"),
    [
        ("gzip", b"not gzip", "encoding"),
        ("gzip", gzip.compress(b"x" * 500, mtime=0)[:20], "encoding"),
        ("br", b"x", "encoding"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "encoding"),
    ],
)
def test_it_refuses_other_and_damaged_packing(encoding, body, code, allow):
    with serving(lambda asked: (200, {"Content-Encoding": encoding}, body)) as server:
        allow(server.url)
        assert fails(server.url).code == code


def test_it_unpacks_and_streams(allow):
    text = b'{"a": [1, 2, 3]}' * 9000
    with serving(lambda asked: (200, {"Content-Encoding": "gzip"}, gzip.compress(text))) as server:
        allow(server.url)
        assert outbound.fetch(server.url, max_bytes=500_000).content == text
        file = io.BytesIO()
        answer = outbound.fetch(server.url, max_bytes=500_000, stream_to=file)
        assert (file.getvalue(), answer.content, answer.size) == (text, b"", len(text))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_it_calls_broken_answers_unreachable(raw, allow):
    with serving(lambda asked: asked.handler.wfile.write(raw) and None) as server:
        allow(server.url)
        assert fails(server.url).code == "unreachable"


def test_it_calls_a_closed_port_unreachable(allow):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    allow(url)
    assert fails(url).code == "unreachable"


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": NaN}', b"\xff", b"[" * 100_000, b'{"a":'])
def test_it_says_what_is_not_json(body, allow):
    with serving(lambda asked: (200, {}, body)) as server:
        allow(server.url)
        answer = outbound.fetch(server.url, max_bytes=200_000)
        with pytest.raises(outbound.Unreachable, match="not JSON"):
            answer.json()
