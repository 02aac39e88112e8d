"""Elastic endpoint documents (macOS first, other systems too) and Apple Endpoint Security messages."""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from watchfloor.base.account import Account
from watchfloor.base.events import Row
from watchfloor.intake import documents, elastic, endpoint_security
from watchfloor.intake.format import Format

_ELASTIC = re.compile(
    rb'"(?:event\.)?module"\s*:\s*"endpoint"'
    rb'|"_index"\s*:\s*"[^"]{0,40}logs-endpoint\.events'
    rb'|"(?:data_stream\.|event\.)?dataset"\s*:\s*"endpoint\.'
)
#: Quotes are escaped where the message is a text inside another product's envelope.
_TOKEN = re.compile(rb'\\?"audit_token\\?"\s*:\s*\{')
_SEQUENCE = re.compile(rb'\\?"(?:global_seq_num|seq_num|action_type|mach_time)\\?"\s*:')


def _is_json(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n\x00")[:1] in (b"{", b"[")


def sniff_elastic(head: bytes) -> bool:
    """JSON that names the endpoint sensor as its module, data set or index."""
    return _is_json(head) and _ELASTIC.search(head) is not None


def sniff_endpoint_security(head: bytes) -> bool:
    """JSON with an audit token and a message sequence number, bare or inside a ``body``."""
    return _is_json(head) and _TOKEN.search(head) is not None and _SEQUENCE.search(head) is not None


def _finish(row: Row, found: documents.Found, at: int, raw: bytes) -> Row:
    row["record"] = found.place if at == 0 else f"{found.place}.{at + 1}"
    row["raw_data"] = raw.decode("utf-8", "backslashreplace")
    return row


def stream_elastic(stream: BinaryIO, source: str, account: Account) -> Iterator[Row]:
    """Rows of every endpoint document: bare, in ``_source`` of a hit, or in the hits of a search answer."""
    for found in documents.values(stream):
        if found.fault:
            account.reject_record(source, found.place, found.fault)
            continue
        for at, document in enumerate(elastic.documents(found.value)):
            if elastic.is_endpoint(document):
                yield _finish(elastic.to_row(document), found, at, orjson.dumps(document))
            else:
                account.reject_record(source, found.place, "not an Elastic endpoint event")


def stream_endpoint_security(stream: BinaryIO, source: str, account: Account) -> Iterator[Row]:
    """Rows of Endpoint Security messages; an agent's envelope with the message in ``body`` is opened."""
    for found in documents.values(stream):
        if found.fault:
            account.reject_record(source, found.place, found.fault)
            continue
        message = _opened(found.value)
        if endpoint_security.is_message(message):
            yield _finish(endpoint_security.to_row(message), found, 0, found.text)
        else:
            account.reject_record(source, found.place, "not an Endpoint Security message")


def _opened(value: Any) -> Any:
    body = value.get("body") if isinstance(value, dict) else None
    if not isinstance(body, str):
        return body if isinstance(body, dict) else value
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


FORMATS: tuple[Format, ...] = (
    Format(
        name="endpoint-security",
        describes="Apple Endpoint Security messages (eslogger and agents), macOS",
        kind="stream",
        sniff=sniff_endpoint_security,
        stream=stream_endpoint_security,
    ),
    Format(
        name="elastic-endpoint",
        describes="Elastic endpoint events (ECS), macOS, Linux and Windows",
        kind="stream",
        sniff=sniff_elastic,
        stream=stream_elastic,
    ),
)
