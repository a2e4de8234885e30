"""The URL that is dialled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.csms.endpoint import central_system_url


@pytest.mark.parametrize(
    ("url", "station_id", "whole"),
    [
        ("wss://host/ocppj", "RDAM 123", "wss://host/ocppj/RDAM%20123"),  # the example of J §3.1.1
        ("wss://host/ocppj/", "RDAM 123", "wss://host/ocppj/RDAM%20123"),
        ("ws://host", "CP1", "ws://host/CP1"),
        ("ws://host/", "CP1", "ws://host/CP1"),
        ("ws://host:9000/a/b//", "CP/1", "ws://host:9000/a/b/CP%2F1"),
        ("ws://host/a%20b", "100%", "ws://host/a%20b/100%25"),
        ("ws://host/a?token=x%20y", "CP1", "ws://host/a/CP1?token=x%20y"),
        ("ws://[2001:db8::1]:80/a", "CP1", "ws://[2001:db8::1]:80/a/CP1"),
        ("ws://host/ws/{id}/", "CP 7/1", "ws://host/ws/CP%207%2F1/"),
        ("ws://host/{id}", "CP1", "ws://host/CP1"),
        ("ws://host/a/x{id}y//ocpp", "CP1", "ws://host/a/xCP1y//ocpp"),
        ("ws://host/a/{id}", "{id}", "ws://host/a/%7Bid%7D"),
        ("ws://bücher.example/ä", "CP1", "ws://xn--bcher-kva.example/%C3%A4/CP1"),
    ],
)
def test_the_url(url: str, station_id: str, whole: str) -> None:
    """J §3.1.1: URL, slash, identity percent-encoded once; the endpoint's path is kept; `{id}` is taken as written."""
    assert central_system_url(url, station_id) == whole


@pytest.mark.parametrize(
    ("url", "piece"),
    [
        ("http://host/", "ws://"),
        ("host:9000", "ws://"),
        ("ws:///path", "no host"),
        ("ws://user:secret@host/", "user name"),
        ("ws://host/#part", "fragment"),
        ("ws://host:99999/", "Port"),
        ("ws://host:0/", "Port"),
    ],
)
def test_a_url_that_cannot_be_dialled(url: str, piece: str) -> None:
    """A URL that cannot be used is refused with a reason, and the reason holds no secret."""
    with pytest.raises(ValueError, match=piece) as refused:
        central_system_url(url, "CP1")
    assert "secret" not in str(refused.value)


@given(st.text(min_size=1, max_size=48))
def test_an_identity_is_one_segment(station_id: str) -> None:
    """Whatever the identity holds, it is one printable segment of the path."""
    try:
        whole = central_system_url("ws://host/x", station_id)
    except UnicodeEncodeError:
        return  # lone surrogates are refused by the configuration
    assert whole.isascii() and whole.isprintable() and whole.count("/") == 4 and "?" not in whole
