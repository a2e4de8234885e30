"""URLs from outside: read once, and every address they lead to is checked."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.transfers.urls import (
    Address,
    Location,
    Rules,
    UrlRefused,
    checked_addresses,
    is_ours,
    read_location,
    system_addresses,
)

ALL = ("https", "ftps", "http", "ftp")
PUBLIC = "93.184.216.34"


def nobody(address: Address) -> bool:
    return False


def where(text: str, *answers: str, rules: Rules | None = None) -> list[str]:
    """The addresses of a URL whose host has those addresses; without answers the system's own idea of the host."""
    resolve = (lambda host, port: list(answers)) if answers else system_addresses
    return checked_addresses(read_location(text, ALL), rules or Rules(ALL), resolve, nobody)


def test_the_parts_of_a_url() -> None:
    """Scheme, host, port, path and query come out as they were written; user and password decoded."""
    assert read_location("https://Files.Example:8443/a%20b/c?x=1&y=%2F", ALL) == Location(
        "https", "files.example", 8443, "/a%20b/c", "x=1&y=%2F"
    )
    location = read_location("ftp://user%40home:p%2Fw%3A@h/f", ALL)
    assert (location.user, location.password, location.port) == ("user@home", "p/w:", 21)
    assert read_location("http://[2001:db8::1]", ALL) == Location("http", "2001:db8::1", 80, "/")


def test_what_the_other_side_is_told() -> None:
    """The Host header names the port only where it is not the usual one; a target is path and query."""
    assert read_location("http://h:80/a?b", ALL).authority == "h"
    assert read_location("http://h:81/a?b", ALL).target == "/a?b"
    assert read_location("https://[2001:db8::1]:444/", ALL).authority == "[2001:db8::1]:444"


def test_a_password_does_not_come_out() -> None:
    """Neither the text of a location nor a refusal carries it."""
    location = read_location("ftp://u:secret@h/f", ALL)
    assert "secret" not in f"{location} {location!r}"
    with pytest.raises(UrlRefused) as refused:
        where("ftp://u:secret@127.0.0.1/f")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "file:///etc/passwd",
        "gopher://h/",
        "data:,x",
        "//h/x",
        "h/x",
        "",
        "http:///x",
        "http://",
        "http://h:0/",
        "http://h:99999/",
        "http://h:x/",
        "http://a b/",
        "http://h/a b",
        "http://h/\r\nX: y",
        "http://h/\t",
        "http://h\\@evil/",
        "http://h/é",
        "http://good@evil@h/",
        "http://h%2fx/",
        "http://h%00/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://[v1.x]/",
        "http://-h/",
        "http://h..h/",
        "ftp://h/a%0d%0aDELE%20x",
        "ftp://u%0d%0a:p@h/",
        "ftp://u:p%00@h/",
        "http://h/%ff",
        "http://h/" + "x" * 2040,
    ],
)
def test_urls_that_are_refused(text: str) -> None:
    """Another scheme, no host, tricks with user, port, slash or line end, too long: refused in one line."""
    with pytest.raises(UrlRefused) as refused:
        read_location(text, ALL)
    reason = str(refused.value)
    assert reason and reason.isprintable() and len(reason) < 200


@pytest.mark.parametrize(
    "text",
    [
        "http://user:c4n4ry/word@h/",
        "http://user:c4n4ry#word@h/",
        "http://user:c4n4ry?word@h/",
        "c4n4ry:password@h/f",
        "c4n4ry://h/f",
        "http://h:80:c4n4ry/",
        "http://[c4n4ry]/",
        "http://c4n4ry:x@y@h/",
        "http://u:%00c4n4ry@h/",
        "http://h/c4n4ry%0a",
        "http://u:c4n4ry@127.0.0.1/c4n4ry?c4n4ry",
        "http:c4n4ry@h/",
    ],
)
def test_a_refusal_repeats_nothing_but_scheme_and_host(text: str) -> None:
    """Point 14: neither user nor password nor path nor query, however the URL is broken."""
    with pytest.raises(UrlRefused) as refused:
        where(text)
    assert "c4n4ry" not in str(refused.value)


def test_the_longest_url() -> None:
    """2,048 characters are taken, one more is not."""
    text = "http://h/" + "x" * (2048 - 9)
    assert read_location(text, ALL)
    with pytest.raises(UrlRefused):
        read_location(text + "x", ALL)


def test_schemes_are_narrowed() -> None:
    """What the product cannot or the configuration does not allow is refused by name."""
    with pytest.raises(UrlRefused, match=r"'http', allowed: https"):
        read_location("http://h/", ("https",))


@given(st.text(max_size=60) | st.from_regex(r"(http|ftps?)://[a-z@:\[\]%./\\0-9]{0,30}", fullmatch=True))
def test_no_text_is_too_odd(text: str) -> None:
    """Any text is a location or UrlRefused."""
    with suppress(UrlRefused):
        location = read_location(text, ALL)
        assert location.host and location.path.startswith("/") and 0 < location.port < 65536


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "127.255.255.254", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0", "localhost",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]", "169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "224.0.0.1", "[ff02::1]",
        "255.255.255.255", "240.0.0.1", "0.1.2.3",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(host: str) -> None:
    """This machine, link-local, multicast and reserved addresses, in whatever disguise getaddrinfo understands."""
    with pytest.raises(UrlRefused, match=r"."):
        where(f"http://{host}/")


def test_disguises_of_public_addresses() -> None:
    """IPv4 mapped into IPv6 is refused even where it is harmless; a translator's is judged by what it carries."""
    with pytest.raises(UrlRefused, match="disguise"):
        where("http://h/", f"::ffff:{PUBLIC}")
    assert where("http://h/", "64:ff9b::5db8:d822")


def test_one_bad_address_spoils_them_all() -> None:
    """A name that leads to a public address and to this machine leads nowhere."""
    with pytest.raises(UrlRefused, match=r"127\.0\.0\.1"):
        where("http://h/", PUBLIC, "127.0.0.1")
    assert where("http://h/", PUBLIC, "2606:2800:220:1::1") == [PUBLIC, "2606:2800:220:1::1"]


def test_a_name_is_looked_up_once() -> None:
    """DNS that answers something else the second time changes nothing."""
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    location = read_location("http://h/", ALL)
    assert checked_addresses(location, Rules(ALL), lambda host, port: next(answers), nobody) == [PUBLIC]


def test_odd_resolvers() -> None:
    """No address, no answer, nonsense: UrlRefused."""

    def fails(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(UrlRefused, match="h is not found: Name or service"):
        checked_addresses(read_location("http://h/", ALL), Rules(ALL), fails, nobody)
    for answer in (["nonsense"], ["fe80::1%eth0"]):
        with pytest.raises(UrlRefused):
            where("http://h/", *answer)
    with pytest.raises(UrlRefused, match="no address"):
        checked_addresses(read_location("http://h/", ALL), Rules(ALL), lambda host, port: [], nobody)


def test_this_machine_by_its_own_address() -> None:
    """An address that this machine has is this machine, whatever its range."""
    assert is_ours(ip_address("127.0.0.1")) and is_ours(ip_address("::1")) in (True, False)
    assert not is_ours(ip_address("192.0.2.1"))
    with pytest.raises(UrlRefused, match="this machine"):
        checked_addresses(read_location("http://h/", ALL), Rules(ALL), lambda host, port: [PUBLIC], lambda _: True)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.1.1", "fe80::1", "0.0.0.0", "::ffff:127.0.0.1"])
def test_loopback_where_it_is_allowed(address: str) -> None:
    """allow_loopback opens this machine and link-local addresses, and nothing else."""
    assert where("http://h/", address, rules=Rules(ALL, (), True)) == [address]
    for other in ("224.0.0.1", "255.255.255.255", "ff02::1"):
        with pytest.raises(UrlRefused):
            where("http://h/", other, rules=Rules(ALL, (), True))


@pytest.mark.parametrize("allowed", ["Files.example.", "93.184.216.34", "93.184.0.0/16"])
def test_hosts_that_are_listed(allowed: str) -> None:
    """allow_hosts takes names, addresses and networks; any other host is refused."""
    rules = Rules(ALL, ("other.example", allowed))
    assert where("http://files.example/", PUBLIC, rules=rules) == [PUBLIC]
    with pytest.raises(UrlRefused, match="allow_hosts"):
        where("http://evil.example/", "198.51.100.1", rules=rules)


def test_a_listed_host_is_checked_all_the_same() -> None:
    """A name that is allowed does not open this machine."""
    with pytest.raises(UrlRefused, match="this machine"):
        where("http://files.example/", "127.0.0.1", rules=Rules(ALL, ("files.example", "127.0.0.0/8")))


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("http://h", "/d.tar.gz"),
        ("http://h/", "/d.tar.gz"),
        ("http://h/logs", "/logs/d.tar.gz"),
        ("http://h/logs/", "/logs/d.tar.gz"),
        ("http://h/logs/?key=1", "/logs/"),
        ("https://h/bucket/object?signature=1", "/bucket/object"),
        ("ftp://h/logs?key=1", "/logs/d.tar.gz"),
        ("http://h/logs/mine.zip", "/logs/mine.zip"),
    ],
)
def test_where_an_upload_goes(location: str, path: str) -> None:
    """The file's name is joined to the location, except where that ends like a file, or a query makes it complete."""
    assert read_location(location, ALL).joined("d.tar.gz").path == path
