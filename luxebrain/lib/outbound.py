"""The only place that asks servers whose addresses people typed: guarded, bounded in time and size.

The host is resolved once, every address it has must be public, and the connection goes to that very
address while TLS is checked against the name; so a name that resolves differently a moment later wins
nothing. Redirects are answers, not orders: they are followed only where the caller says so, each hop
guarded anew. What a server answers is for our code; never show it to tenants as it came.
"""

import functools
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import httpcore
import httpx
import orjson

from luxebrain.lib import addresses
from luxebrain.lib.addresses import Refused as Refused
from luxebrain.lib.addresses import check_address as check_address
from luxebrain.lib.problems import Problem

SECONDS = 5.0
MAX_BYTES = 64 * 1024
_CHUNK = 64 * 1024
_REDIRECTS = {301, 302, 303, 307, 308}
_AGENT = "LuxeBrain/1 (+https://luxebrain.example/bot)"


class Unreachable(Problem):
    """No usable answer: no connection, a broken one, a certificate that does not match."""

    status, code = 502, "unreachable"


class TooSlow(Unreachable):
    code = "too_slow"


class TooLarge(Unreachable):
    code = "too_large"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: httpx.Headers
    content: bytes  # b"" when it was streamed
    size: int  # bytes after decompression
    url: str  # where the answer came from, after redirects

    def json(self) -> Any:
        """Raises Unreachable if the content is not JSON."""
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            raise Unreachable("The server answered with something that is not JSON.", code="not_json") from None


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    content: bytes | None = None,
    max_bytes: int = MAX_BYTES,
    timeout: float = SECONDS,
    stream_to: BinaryIO | None = None,
    follow: int = 0,
) -> Answer:
    """Asks the server and reads the whole answer, whatever its status.

    `timeout` bounds everything together, in seconds; `max_bytes` the body as sent and as decompressed.
    `json` and `content` are bodies. `follow` is how many redirects of a GET may be followed;
    credentials stay behind when a redirect leaves the origin. Raises Refused, Unreachable, TooSlow,
    TooLarge; nothing of what was read is kept then, but `stream_to` may hold a part.
    """
    ends_at = time.monotonic() + timeout
    target = addresses.read(url)
    sent = {"accept": "application/json", "user-agent": _AGENT, **{k.lower(): v for k, v in (headers or {}).items()}}
    sent["accept-encoding"] = "gzip"
    for hop in range(follow + 1):
        request = httpx.Request(method, target.url, headers=sent, json=json, content=content)
        answer = _ask(request, target, ends_at=ends_at, max_bytes=max_bytes, stream_to=stream_to)
        place = answer.headers.get("location")
        if hop == follow or method != "GET" or answer.status not in _REDIRECTS or not place:
            break
        following = addresses.read(_join(target.url, place))
        if following.origin != target.origin:
            sent = {k: v for k, v in sent.items() if k in {"accept", "accept-encoding", "user-agent"}}
        target = following
    return answer


def _join(url: httpx.URL, place: str) -> str:
    try:
        return str(url.join(place))
    except (httpx.InvalidURL, ValueError):
        raise Refused("The server sends on to something that is no address.") from None


def _ask(
    request: httpx.Request, target: addresses.Target, *, ends_at: float, max_bytes: int, stream_to: BinaryIO | None
) -> Answer:
    found = addresses.look_up(target, within=ends_at - time.monotonic())
    line = Line(found, ends_at)
    try:
        with httpcore.ConnectionPool(ssl_context=trust(), network_backend=line, max_connections=1) as pool:
            url = httpcore.URL(
                scheme=request.url.raw_scheme,
                host=target.host.encode(),
                port=target.port,
                target=request.url.raw_path,
            )
            headers, content = request.headers.raw, request.read()
            response = pool.handle_request(httpcore.Request(request.method, url, headers=headers, content=content))
            try:
                return _read(response, request, max_bytes=max_bytes, stream_to=stream_to)
            finally:
                response.close()
    except httpcore.TimeoutException:
        raise TooSlow("The server took too long to answer.") from None
    except httpcore.ConnectError as error:
        if isinstance(error.__context__, ssl.SSLError) or "CERTIFICATE" in str(error):
            raise Unreachable("The server's certificate is not valid for this name.", code="certificate") from None
        raise Unreachable("The server could not be reached.") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol):
        raise Unreachable("The connection broke, or the server does not speak HTTP properly.") from None


def _read(response: httpcore.Response, request: httpx.Request, *, max_bytes: int, stream_to: BinaryIO | None) -> Answer:
    headers = httpx.Headers(response.headers)
    keep: list[bytes] = []
    write: Callable[[bytes], Any] = stream_to.write if stream_to and response.status == 200 else keep.append
    size = 0
    for part in _unpack(_bounded(response.iter_stream(), max_bytes), headers.get("content-encoding", "")):
        size += len(part)
        if size > max_bytes:
            raise TooLarge(f"The answer has more than {max_bytes:,} bytes.")
        write(part)
    return Answer(response.status, headers, b"".join(keep), size, str(request.url))


def _bounded(parts: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    size = 0
    for part in parts:
        size += len(part)
        if size > max_bytes:
            raise TooLarge(f"The answer has more than {max_bytes:,} bytes.")
        yield part


def _unpack(parts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Decompresses in pieces of at most 64 KB, so that a bomb never exists in memory."""
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        yield from parts
        return
    if encoding not in {"gzip", "x-gzip"}:
        raise Unreachable("The server packs its answer in a way that was not asked for.", code="encoding")
    engine = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        for part in parts:
            while part:
                yield engine.decompress(part, _CHUNK)
                part = engine.unconsumed_tail
        yield engine.flush()
    except zlib.error:
        raise Unreachable("The server's answer is damaged.", code="encoding") from None
    if not engine.eof:
        raise Unreachable("The server's answer ends too early.", code="encoding")


@functools.cache
def trust() -> ssl.SSLContext:
    """The certificates that are believed: certifi's, or those that SSL_CERT_FILE names."""
    return httpx.create_ssl_context()


class Line(httpcore.NetworkBackend):
    """Connects to the addresses that were looked up and to no other, and hangs up at the deadline."""

    def __init__(self, found: list[str], ends_at: float) -> None:
        self.found = found
        self.ends_at = ends_at
        self.sockets = httpcore.SyncBackend()

    def left(self) -> float:
        seconds = self.ends_at - time.monotonic()
        if seconds <= 0:
            raise httpcore.ReadTimeout
        return seconds

    def connect_tcp(self, host: str, port: int, *args: Any, **options: Any) -> httpcore.NetworkStream:
        """The host is not asked for again: the answer that was checked is the one that is used."""
        for number, address in enumerate(self.found, 1):
            # An address that swallows packets must leave time for the next one.
            share = self.left() if number == len(self.found) else self.left() / 2
            try:
                return Stream(self.sockets.connect_tcp(address, port, timeout=share), self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(self.found):
                    raise
        raise httpcore.ConnectError


class Stream(httpcore.NetworkStream):
    """A connection whose every step ends when the whole call must."""

    def __init__(self, stream: httpcore.NetworkStream, line: Line) -> None:
        self.stream, self.line = stream, line

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, self.line.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _CHUNK):
            self.stream.write(buffer[start : start + _CHUNK], self.line.left())

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return Stream(self.stream.start_tls(ssl_context, server_hostname, self.line.left()), self.line)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)
