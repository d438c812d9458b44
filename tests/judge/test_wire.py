"""Data over the wire: whatever goes in comes out, and whatever comes in decodes or is refused."""

from __future__ import annotations

import contextlib
import json
import math
import os
import struct
import threading
import time
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograder.inside import frames
from autograder.inside.data import DEPTH, DIMS, KEYS, SIZES, Decoder, Encoder, WireError
from autograder.judge.wire import Channel, LearnerDied, OutOfTime

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 200), 1 << 200)
    | st.floats()
    | st.text()
    | st.text(st.characters(categories=["L", "Cs"]))  # lone surrogates too
    | st.binary(max_size=40)
)
keys = st.none() | st.booleans() | st.integers(-(1 << 59), 1 << 59) | st.text() | st.binary(max_size=8)
keys |= st.tuples(keys, keys)  # one level: a tuple in a tuple is no key
dtypes = (
    npst.boolean_dtypes()
    | npst.integer_dtypes(endianness="=")
    | npst.floating_dtypes(endianness="=", sizes=(16, 32, 64))
)
shapes = npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
arrays = npst.arrays(dtypes, shapes)
data = st.recursive(
    scalars | arrays | arrays.map(torch.from_numpy),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


def refuse(*what: Any) -> Any:
    raise WireError(f"not data: {what}")


def round_trip(value: Any) -> Any:
    encoder = Encoder(refuse)
    node = encoder.node(value)
    frame = b"".join(frames.pack({"v": node}, encoder.chunks))
    header, payload = frames.lengths(frame[:8])
    assert len(frame) == 8 + header + payload
    decoder = Decoder(bytearray(frame[8 + header :]), refuse)
    result = decoder.value(frames.parse(frame[8 : 8 + header])["v"])
    decoder.end()
    return result


def same(a: Any, b: Any) -> bool:
    """Equal in type, layout and value, nan included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        alike = a.dtype == b.dtype and a.shape == b.shape and a.stride() == b.clone().stride()
        if not alike or not a.numel():
            return alike
        return same(*(x.flatten().view(torch.uint8).numpy() for x in (a, b)))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return a == b or (a != a and b != b)


@given(data)
@settings(deadline=None)
def test_any_data_comes_back_the_same(value: Any) -> None:
    assert same(round_trip(value), value)


@pytest.mark.parametrize("name", SIZES)
def test_every_dtype_of_tensors_comes_back(name: str) -> None:
    x = torch.arange(6).reshape(2, 3).to(getattr(torch, name)).T
    back = round_trip(x)
    assert back.dtype == x.dtype
    assert back.stride() == x.stride()
    assert back.tolist() == x.tolist()
    assert round_trip(x.dtype) is x.dtype


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1),
        torch.arange(12.0).reshape(3, 4)[:, ::2],
        torch.arange(3.0).expand(4, 3),
        torch.arange(4.0, requires_grad=True),
        torch.zeros(0, 3),
        torch.zeros(5, 1).T,
        torch.tensor(3.0),
        torch.tensor([1 + 2j]).conj(),
        torch.nn.Parameter(torch.ones(2)),
    ],
)
def test_a_tensor_arrives_as_a_clone_of_it_would(tensor: torch.Tensor) -> None:
    back, clone = round_trip(tensor), tensor.detach().clone()
    assert type(back) is torch.Tensor
    assert not back.requires_grad
    assert back.stride() == clone.stride()
    assert back.equal(clone)
    back.resize_(1)  # its memory is its own


def test_numpy_keeps_its_memory_order() -> None:
    for array in (
        np.ones((2, 3), order="F"),
        np.ones((2, 3, 4)).transpose(2, 0, 1),
        np.ones((3, 4))[::-1, ::2],
    ):
        assert round_trip(array).strides == array.copy(order="K").strides


def test_named_tuples_and_sizes_are_tuples() -> None:
    assert type(round_trip(torch.Size([2, 3]))) is tuple
    assert type(round_trip(torch.ones(2, 2).max(0))) is tuple


class Sneaky(float):
    pass


@pytest.mark.parametrize(
    "value",
    [
        Sneaky(1),
        np.float64(1),
        {1, 2},
        object(),
        {"\ud800": 0},
        1 << 5000,
        {(1, (2, 3)): 0},
        {1 << 61: 0},
        len,
        np.ones(1, dtype=">f8"),
        np.array(["a"]),
        torch.ones(2).to_sparse(),
        torch.ones(1, device="meta"),
    ],
)
def test_what_is_not_data_is_left_to_the_two_sides(value: Any) -> None:
    with pytest.raises(WireError, match="not data"):
        round_trip(value)


def test_data_that_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(WireError, match="deeply"):
        round_trip(value)
    wide: list[Any] = []
    for _ in range(40):
        wide = [wide, wide]
    with pytest.raises(WireError, match="more than"):
        round_trip(wide)


def decode(node: Any, payload: bytes = b"") -> Any:
    decoder = Decoder(bytearray(payload), refuse)
    value = decoder.value(frames.parse(json.dumps({"v": node}).encode())["v"])
    decoder.end()
    return value


def deep(levels: int) -> Any:
    node: Any = []
    for _ in range(levels):
        node = [node]
    return node


@pytest.mark.parametrize(
    ("node", "payload"),
    [
        ({"n": ["float64", [1], [1]]}, b"1234"),  # too few bytes
        ({"n": ["float64", [1], [1]]}, b"1" * 9),  # too many
        ({"n": ["float64", [1 << 39, 1 << 39], [1 << 39, 1]]}, b""),
        ({"n": ["float64", [0, 1 << 39, 1 << 39], [1, 1, 1]]}, b""),
        ({"n": ["float64", [-1], [1]]}, b""),
        ({"n": ["float64", [2], [0]]}, b"1" * 16),
        ({"n": ["float64", [2, 2], [1, 1]]}, b"1" * 32),
        ({"n": ["float64", [True], [1]]}, b"1" * 8),
        ({"n": ["float64", [1.0], [1]]}, b"1" * 8),
        ({"n": ["object", [1], [1]]}, b"1" * 8),
        ({"n": ["bfloat16", [1], [1]]}, b"12"),
        ({"n": [["float64"], [1], [1]]}, b"1" * 8),
        ({"n": ["float64", [1] * (DIMS + 1), [1] * (DIMS + 1)]}, b"1" * 8),
        ({"T": ["bool", [2], [1]]}, b"\x01\x02"),
        ({"T": ["float64", [1]]}, b"1" * 8),
        ({"T": None}, b""),
        ({"b": 5}, b"1234"),
        ({"b": -1}, b""),
        ({"b": True}, b"1"),
        ({"s": 2}, b"ok"),  # a plain string stands for itself
        ({"s": 2}, b"\xff\xfe"),
        ({"s": 3}, b"ok"),
        ({"d": [[{"s": 3}, 1]]}, b"\xed\xa0\x80"),
        ({"f": "1e5"}, b""),
        ({"f": 1}, b""),
        ({"y": "Tensor"}, b""),
        ({"y": "__class__"}, b""),
        ({"t": {"t": []}}, b""),
        ({"d": [[1, 2], [1, 3]]}, b""),
        ({"d": [[1, 2], [True, 3]]}, b""),
        ({"d": [[[1], 2]]}, b""),
        ({"d": [[1]]}, b""),
        ({"d": [[1 << 61, 1]]}, b""),
        ({"d": [[i, 0] for i in range(KEYS + 1)]}, b""),
        ({}, b""),
        ({"t": [], "b": 0}, b""),
        ({"x": 1}, b""),
        ("\ud800", b""),
        (deep(DEPTH + 1), b""),
        ([[[]]] * 300_000, b""),
        ({"f": "NaN"}, b""),
    ],
)
def test_what_breaks_the_rules_is_refused(node: Any, payload: bytes) -> None:
    with pytest.raises(WireError):
        decode(node, payload)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        b"nonsense",
        b'{"v": NaN}',
        b'{"v": Infinity}',
        b'{"v": 1e999}',
        b'{"v": ' + b"9" * 5000 + b"}",
        b'{"v": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"\xff\xfe",
        b'"\xed\xa0\x80"',
    ],
)
def test_a_header_that_is_not_ours_is_refused(header: bytes) -> None:
    with pytest.raises(WireError):
        frames.parse(header)


nodes = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ftdbnTyhm"), inner, max_size=2)
    ),
)
specs = st.tuples(
    st.sampled_from(sorted(SIZES)),
    st.lists(st.integers(-1, 5), max_size=3),
    st.lists(st.integers(-1, 9), max_size=3),
).map(list)


@given(
    nodes | st.fixed_dictionaries({"T": specs}) | st.fixed_dictionaries({"n": specs}), st.binary(max_size=80)
)
@settings(deadline=None)
def test_any_frame_decodes_to_data_or_is_refused(node: Any, payload: bytes) -> None:
    try:
        value = decode(node, payload)
    except WireError:
        return
    assert same(round_trip(value), value)


@given(st.binary(max_size=64))
def test_any_bytes_are_a_header_or_refused(header: bytes) -> None:
    with contextlib.suppress(WireError):
        assert type(frames.parse(header)) is dict


class Peer:
    """The other end of a channel, in this process."""

    def __init__(self) -> None:
        self.source, to_peer = os.pipe()
        from_peer, self.sink = os.pipe()
        self.looks = 0
        self.channel = Channel(to_peer, from_peer, self.look, payload_limit=1000)

    def look(self) -> None:
        self.looks += 1

    def answer(self, *raw: bytes) -> Any:
        for piece in raw:
            os.write(self.sink, piece)
        return self.channel.exchange(frames.pack({}, []), time.monotonic() + 0.3)


@pytest.fixture
def peer() -> Any:
    peer = Peer()
    yield peer
    peer.channel.close()
    for fd in (peer.source, peer.sink):
        if fd >= 0:
            os.close(fd)


def test_an_answer_may_come_in_pieces(peer: Peer) -> None:
    frame = b"".join(frames.pack({"v": 1}, [b"abc"]))
    late = threading.Timer(0.05, os.write, (peer.sink, frame[5:]))
    late.start()
    assert peer.answer(frame[:5]) == ({"v": 1}, bytearray(b"abc"))
    late.join()


@pytest.mark.parametrize("raw", [b"", b"\x01", struct.pack("<II", 5, 0), struct.pack("<II", 2, 900) + b"{}x"])
def test_a_silent_or_truncated_answer_is_out_of_time(peer: Peer, raw: bytes) -> None:
    with pytest.raises(OutOfTime):
        peer.answer(raw)
    assert peer.looks


@pytest.mark.parametrize("lengths", [(1 << 31, 0), (0, 1 << 31), (2, 1001)])
def test_a_false_length_allocates_nothing(peer: Peer, lengths: tuple[int, int]) -> None:
    with pytest.raises(WireError):
        peer.answer(struct.pack("<II", *lengths))


def test_a_peer_that_does_not_read_is_out_of_time(peer: Peer) -> None:
    with pytest.raises(OutOfTime):
        peer.channel.exchange(frames.pack({}, [bytes(1 << 21)]), time.monotonic() + 0.2)


def test_a_closed_pipe_says_that_the_peer_died(peer: Peer) -> None:
    os.close(peer.sink)
    peer.sink = -1
    with pytest.raises(LearnerDied):
        peer.answer()


def test_minus_zero_and_the_smallest_float_come_back() -> None:
    assert math.copysign(1, round_trip(-0.0)) == -1
    assert round_trip(5e-324) == 5e-324
