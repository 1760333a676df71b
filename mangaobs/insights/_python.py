"""What the language has and SQL has not, as functions of Python. Each gets text and gives text, a number or a truth."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import ipaddress
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote_plus

from mangaobs.insights._values import number_of

if TYPE_CHECKING:
    from collections.abc import Callable


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _valid(text: str) -> bool:
    return _address(text) is not None


def _valid_4(text: str) -> bool:
    return isinstance(_address(text), ipaddress.IPv4Address)


def _valid_6(text: str) -> bool:
    return isinstance(_address(text), ipaddress.IPv6Address)


def _within(text: str, subnet: str) -> bool:
    address = _address(text)
    try:
        return address is not None and address in ipaddress.ip_network(subnet, strict=False)
    except ValueError:
        return False


def _within_4(text: str, subnet: str) -> bool:
    return _valid_4(text) and _within(text, subnet)


def _within_6(text: str, subnet: str) -> bool:
    return _valid_6(text) and _within(text, subnet)


_PRIVATE: Final = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


def _private(text: str) -> bool:
    """RFC 1918, which is what AWS names."""
    address = _address(text)
    return address is not None and any(address in network for network in _PRIVATE)


def _public(text: str) -> bool:
    address = _address(text)
    return address is not None and address.is_global


def _reserved(text: str) -> bool:
    address = _address(text)
    return address is not None and (address.is_reserved or address.is_loopback or address.is_link_local)


def _ipv4_number(text: str) -> float | None:
    address = _address(text)
    return float(int(address)) if isinstance(address, ipaddress.IPv4Address) else None


_JAVA: Final = {
    "yyyy": "%Y", "uuuu": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%m", "dd": "%d", "d": "%d",
    "HH": "%H", "H": "%H", "hh": "%I", "h": "%I", "mm": "%M", "m": "%M", "ss": "%S", "s": "%S", "a": "%p",
    "EEEE": "%A", "EEE": "%a", "E": "%a", "XXX": "%z", "XX": "%z", "X": "%z", "Z": "%z", "xxx": "%z", "xx": "%z",
    "DDD": "%j",
}  # fmt: skip
_JAVA_PIECE: Final = re.compile(r"'((?:[^']|'')*)'|S+|([A-Za-z])\2*|.", re.DOTALL)


def _strptime_format(pattern: str) -> str:
    """Java's pattern of a date as Python writes it; what has no counterpart raises `ValueError`."""

    def piece(found: re.Match[str]) -> str:
        text = found[0]
        if text.startswith("'"):
            return (found[1].replace("''", "'") or "'").replace("%", "%%")
        if set(text) == {"S"}:
            return "%f"
        if text.isalpha() and text.isascii():
            if text not in _JAVA:
                raise ValueError(text)
            return _JAVA[text]
        return text.replace("%", "%%")

    return _JAVA_PIECE.sub(piece, pattern)


def _parse_date(text: str, pattern: str, zone: str) -> float | None:
    """Milliseconds since the epoch."""
    from zoneinfo import ZoneInfo

    try:
        moment = datetime.strptime(text, _strptime_format(pattern))  # noqa: DTZ007 - the zone is given beside it
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(zone))
        return float(round(moment.timestamp() * 1000))
    except (ValueError, OverflowError, OSError, KeyError):
        return None


def _format_date(milliseconds: int, pattern: str, zone: str) -> str | None:
    from zoneinfo import ZoneInfo

    try:
        seconds, left = divmod(milliseconds, 1000)
        moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=left * 1000)
        return moment.astimezone(ZoneInfo(zone)).strftime(pattern)
    except (ValueError, OverflowError, OSError, KeyError):
        return None


def _url_encode(text: str) -> str:
    return quote(text, safe="-_.*").replace("%20", "+")


def _url_decode(text: str) -> str:
    return unquote_plus(text)


def _base64_encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _base64_decode(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _hex_to_ascii(text: str) -> str | None:
    try:
        return bytes.fromhex(text.removeprefix("0x")).decode()
    except ValueError:
        return None


def _hex_to_dec(text: str) -> float | None:
    try:
        return float(int(text, 16))
    except (ValueError, OverflowError):
        return None


def _dec_to_hex(text: str) -> str | None:
    value = number_of(text)
    return None if value is None or value != int(value) else f"{int(value):x}"


_PAIR: Final = re.compile(r'([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))')


def _logfmt(text: str) -> str | None:
    """A JSON object of the pairs; a key that stands twice keeps its first value."""
    found: dict[str, str] = {}
    for pair in _PAIR.finditer(text):
        value = pair[2].replace('\\"', '"').replace("\\\\", "\\") if pair[2] is not None else pair[3]
        found.setdefault(pair[1], value)
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")) if found else None


def _csv(text: str) -> list[str]:
    return next(csv.reader(io.StringIO(text)), [])


FUNCTIONS: Final[tuple[tuple[str, Callable[..., object], tuple[str, ...], str], ...]] = (
    ("insights_isvalidip", _valid, ("VARCHAR",), "BOOLEAN"),
    ("insights_isvalidipv4", _valid_4, ("VARCHAR",), "BOOLEAN"),
    ("insights_isvalidipv6", _valid_6, ("VARCHAR",), "BOOLEAN"),
    ("insights_isipinsubnet", _within, ("VARCHAR", "VARCHAR"), "BOOLEAN"),
    ("insights_isipv4insubnet", _within_4, ("VARCHAR", "VARCHAR"), "BOOLEAN"),
    ("insights_isipv6insubnet", _within_6, ("VARCHAR", "VARCHAR"), "BOOLEAN"),
    ("insights_isprivateip", _private, ("VARCHAR",), "BOOLEAN"),
    ("insights_ispublicip", _public, ("VARCHAR",), "BOOLEAN"),
    ("insights_isreservedip", _reserved, ("VARCHAR",), "BOOLEAN"),
    ("insights_ipv4tonumber", _ipv4_number, ("VARCHAR",), "DOUBLE"),
    ("insights_parsedate", _parse_date, ("VARCHAR", "VARCHAR", "VARCHAR"), "DOUBLE"),
    ("insights_formatdate", _format_date, ("BIGINT", "VARCHAR", "VARCHAR"), "VARCHAR"),
    ("insights_urlencode", _url_encode, ("VARCHAR",), "VARCHAR"),
    ("insights_urldecode", _url_decode, ("VARCHAR",), "VARCHAR"),
    ("insights_base64encode", _base64_encode, ("VARCHAR",), "VARCHAR"),
    ("insights_base64decode", _base64_decode, ("VARCHAR",), "VARCHAR"),
    ("insights_hextoascii", _hex_to_ascii, ("VARCHAR",), "VARCHAR"),
    ("insights_hextodec", _hex_to_dec, ("VARCHAR",), "DOUBLE"),
    ("insights_dectohex", _dec_to_hex, ("VARCHAR",), "VARCHAR"),
    ("insights_logfmt", _logfmt, ("VARCHAR",), "VARCHAR"),
    ("insights_csv", _csv, ("VARCHAR",), "VARCHAR[]"),
)
