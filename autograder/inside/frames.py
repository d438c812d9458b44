"""Frames: what one side writes and the other reads in one piece.

Eight bytes say how long the two parts are: a header of JSON in UTF-8, and a payload of raw bytes.
"""

from __future__ import annotations

import json
import math
import os
import struct
from typing import Any, NoReturn

from .data import INT_BITS, Bytes, WireError

LENGTHS = struct.Struct("<II")
HEADER = 16 << 20  # bytes; the most that either side takes
PAYLOAD = 256 << 20
DIGITS = int(INT_BITS * math.log10(2)) + 2
PIECE = 1 << 20  # bytes asked for at once: a false length makes nobody allocate


def pack(message: dict[str, Any], chunks: list[Bytes]) -> list[Bytes]:
    """A frame in pieces. Raises WireError if it is longer than the other side takes."""
    header = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    size = sum(map(len, chunks))
    if len(header) > HEADER or size > PAYLOAD:
        raise WireError(f"{len(header) + size} bytes: too large to send")
    return [LENGTHS.pack(len(header), size) + header, *chunks]


def lengths(start: bytes | bytearray) -> tuple[int, int]:
    """The lengths of header and payload. Raises WireError if they break the limits."""
    header, payload = LENGTHS.unpack(start)
    if header > HEADER or payload > PAYLOAD:
        raise WireError(f"a frame of {header + payload} bytes")
    return header, payload


def parse(header: bytes | bytearray) -> dict[str, Any]:
    """The JSON object of a header. Raises WireError for anything else."""
    try:
        message = json.loads(
            header.decode(), parse_int=integer, parse_float=number, parse_constant=no_constant
        )
    except (ValueError, RecursionError) as error:
        raise WireError("a header that is not JSON") from error
    if type(message) is not dict:
        raise WireError("a header that is no object")
    return message


def integer(text: str) -> int:
    if len(text) > DIGITS:
        raise WireError("an int of too many digits")
    return int(text)


def number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise WireError("a float out of range")
    return value


def no_constant(text: str) -> NoReturn:
    raise WireError(f"{text} in JSON")


def write(fd: int, frame: list[Bytes]) -> None:
    """Write a frame to a pipe, waiting as long as it takes."""
    for piece in frame:
        view = memoryview(piece)
        while view:
            view = view[os.write(fd, view[:PIECE]) :]


def read(fd: int) -> tuple[dict[str, Any], bytearray]:
    """Read a frame from a pipe, waiting as long as it takes. Raises EOFError when the other side is gone."""
    header, payload = lengths(exactly(fd, LENGTHS.size))
    return parse(exactly(fd, header)), exactly(fd, payload)


def exactly(fd: int, size: int) -> bytearray:
    data = bytearray()
    while len(data) < size:
        piece = os.read(fd, min(size - len(data), PIECE))
        if not piece:
            raise EOFError
        data += piece
    return data
