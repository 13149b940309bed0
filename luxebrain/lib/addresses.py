"""Which addresses that people typed may be asked: https to a public host, and nothing that only looks like one."""

import ipaddress
import queue
import re
import socket
import threading
from dataclasses import dataclass

import httpx
from django.conf import settings
from django.core.exceptions import ValidationError

from luxebrain.lib.problems import Problem

MAX_LENGTH = 2000
FORM_SECONDS = 2.0
# Names that only exist inside somebody's network, whatever the resolver says of them.
INNER_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa", "onion")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
# Written out because ipaddress calls several of them global: shared and provider space, what embeds an
# IPv4 address, site-local. 168.63.129.16 is public by its number and answers inside one cloud only.
_REFUSED = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32",
        "2002::/16", "3fff::/20", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
]  # fmt: skip
_UNICAST6 = ipaddress.ip_network("2000::/3")  # all that was ever given out to the public


class Refused(Problem):
    """The address may not be asked; the sentence says why, and never what stands behind it."""

    status, code = 400, "address_refused"


@dataclass(frozen=True)
class Target:
    """An address that was read once; whoever connects uses this and never the text again."""

    url: httpx.URL
    host: str  # ASCII (IDNA), lower case, without brackets and trailing dot
    port: int
    trusted: bool  # its origin stands in OUTBOUND_ALLOWED: port, http and inner addresses are meant

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.url.scheme, self.host, self.port


def read(text: str) -> Target:
    """The address, if its shape may be asked at all. Raises Refused."""
    if len(text) > MAX_LENGTH:
        raise Refused(f"An address has at most {MAX_LENGTH} characters.")
    if _UNSAFE.search(text):
        raise Refused("An address holds no spaces, backslashes or control characters.")
    try:
        url = httpx.URL(text)
        host = url.raw_host.decode("ascii").strip("[]").removesuffix(".").lower()
    except (httpx.InvalidURL, ValueError):
        raise Refused("This is no address of a web server.") from None
    if url.scheme not in {"http", "https"} or not host or "%" in host:
        raise Refused("Give a full address that begins with https://.")
    port = url.port or (443 if url.scheme == "https" else 80)
    trusted = f"{url.scheme}://{url.netloc.decode('ascii')}" in settings.OUTBOUND_ALLOWED
    if url.userinfo or "@" in text.partition("://")[2].partition("/")[0]:
        raise Refused("Leave out the user name and password before the @.")
    if not trusted:
        if url.scheme != "https":
            raise Refused("Only addresses that begin with https:// are asked.")
        if port != 443:
            raise Refused("Only the usual port of https (443) is asked; leave the port out.")
        _check_name(host)
    return Target(url, host, port, trusted)


def _check_name(host: str) -> None:
    if ":" in host:  # an IPv6 number, judged where it is looked up, as all are
        return
    try:
        socket.inet_aton(host)  # takes 127.1, 2130706433, 0x7f000001, as resolvers do
    except OSError:
        pass
    else:
        if not re.fullmatch(r"(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}", host):
            raise Refused("Write the number of a server as four figures with dots, or better its name.")
        return
    if "." not in host or host.rpartition(".")[2] in INNER_NAMES or ".." in host:
        raise Refused("Only servers that everybody can reach are asked; this name belongs to an inner network.")


def look_up(target: Target, *, within: float) -> list[str]:
    """Every address of the host, all of them allowed. Asks the resolver once.

    Raises Refused, with one sentence for "unknown" and for "not public", so that nobody learns
    from it which names exist inside our network.
    """
    found = resolve(target.host, target.port, within=within)
    if not found or not (target.trusted or all(is_public(address) for address in found)):
        raise Refused(f"No public web server was found under {target.host[:100]}. Check the spelling.")
    return found


def resolve(host: str, port: int, *, within: float) -> list[str]:
    """Numeric addresses in the resolver's order; [] if there are none or it took longer than `within` seconds."""
    numeric = ":" in host or bool(re.fullmatch(r"[\d.]+", host))
    # The dot keeps search domains out: shop.example must never become shop.example.our-cluster.
    name = host if numeric or "." not in host else f"{host}."
    answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            rows = []
        answers.put(list(dict.fromkeys(str(row[4][0]) for row in rows)))

    # getaddrinfo knows no time limit; a thread of its own can be left behind.
    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        return answers.get(timeout=max(within, 0.001))
    except queue.Empty:
        return []


def is_public(address: str) -> bool:
    """Whether a numeric address can belong to a server of the public internet."""
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return False
    if any(number in network for network in _REFUSED if network.version == number.version):
        return False
    if isinstance(number, ipaddress.IPv6Address) and (number not in _UNICAST6 or number.scope_id):
        return False
    return number.is_global and not (number.is_multicast or number.is_reserved or number.is_unspecified)


def check_address(text: str) -> None:
    """Validator of form and API fields. Raises ValidationError with a sentence.

    A name that does not resolve at this moment passes: the guard stands where it is asked
    (`outbound.fetch`), every time anew; this only tells people early.
    """
    try:
        target = read(text)
        found = [] if target.trusted else resolve(target.host, target.port, within=FORM_SECONDS)
        if not all(is_public(address) for address in found):
            raise Refused(f"No public web server was found under {target.host[:100]}. Check the spelling.")
    except Refused as refusal:
        raise ValidationError(refusal.detail, code=refusal.code) from None
