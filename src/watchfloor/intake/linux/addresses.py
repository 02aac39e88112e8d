"""Socket addresses as the kernel dumps them: ``saddr=0200…`` in hexadecimal, or interpreted text."""

import ipaddress
import re
from dataclasses import dataclass

from watchfloor.intake.linux.shapes import Fields

_UNIX, _INET, _INET6 = 1, 2, 10
_HOST = re.compile(r"host:(\S{1,64}) serv:(\d{1,5})")
_FAMILIES = {
    0: "unspecified",
    3: "ax25",
    16: "netlink",
    17: "packet",
    29: "can",
    31: "bluetooth",
    38: "crypto",
    40: "vsock",
    44: "xdp",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a socket points: an ip and port, a Unix path, or only the name of another family."""

    ip: str | None = None
    port: int | None = None
    path: str | None = None
    family: str | None = None


def of_record(fields: Fields) -> Address | None:
    """Address of a SOCKADDR record; None when it holds none that can be read."""
    if "laddr" in fields or "saddr_fam" in fields:
        return _interpreted(fields)
    text = fields.get("saddr")
    if not text:
        return None
    try:
        data = bytes.fromhex(text[:512])
    except ValueError:
        return _words(text)
    return _decoded(data)


def _decoded(data: bytes) -> Address | None:
    if len(data) < 2:
        return None
    family = int.from_bytes(data[:2], "little")
    if family > 255:  # big-endian machines write it the other way round
        family = int.from_bytes(data[:2], "big")
    if family == _INET and len(data) >= 8:
        return Address(str(ipaddress.IPv4Address(data[4:8])), int.from_bytes(data[2:4], "big"))
    if family == _INET6 and len(data) >= 24:
        ip = ipaddress.IPv6Address(data[8:24])
        return Address(str(ip.ipv4_mapped or ip), int.from_bytes(data[2:4], "big"))
    if family == _UNIX:
        return Address(path=_unix_path(data[2:]))
    return Address(family=_FAMILIES.get(family, f"family {family}"))


def _unix_path(data: bytes) -> str:
    if data[:1] == b"\0":  # abstract: not in the file system, shown with an @
        return "@" + data[1:].rstrip(b"\0").decode("utf-8", "backslashreplace")
    return data.partition(b"\0")[0].decode("utf-8", "backslashreplace")


def _interpreted(fields: Fields) -> Address | None:
    family = fields.get("saddr_fam", "")
    if "laddr" in fields:
        return Address(fields["laddr"], port_of(fields.get("lport")))
    if family in ("local", "unix"):
        return Address(path=fields.get("path", ""))
    return Address(family=family)


def _words(text: str) -> Address | None:
    found = _HOST.search(text)
    if found:
        return Address(found[1], port_of(found[2]))
    if text.startswith("local "):
        return Address(path=text[6:].strip())
    return Address(family=text[:64])


def port_of(text: str | None) -> int | None:
    """A port number, None for anything else."""
    if text is None or not text.isdecimal() or len(text) > 5:
        return None
    return int(text)


def ip_of(text: str | None) -> str | None:
    """The text if it is an ip address, without a zone or brackets."""
    if text is None or len(text) > 64:
        return None
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ip)
