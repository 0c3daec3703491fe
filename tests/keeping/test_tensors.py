"""The package safetensors is the oracle, in both directions; and files that lie about themselves."""

from __future__ import annotations

import io
import json
import random
import struct
from typing import Any

import pytest

from striate.errors import BundleRefused
from striate.keeping import tensors
from striate.keeping.tensors import Entry, header, infinite, pack, unpack

torch = pytest.importorskip("torch")
oracle = pytest.importorskip("safetensors.torch")

KINDS = sorted(name for name, _ in tensors._TYPES.values())


def numbers(kind: str, shape: tuple[int, ...]) -> Any:
    """Tensors of any type from random bytes; truth values from random bits."""
    dtype = getattr(torch, kind)
    if kind == "bool":
        return torch.randint(0, 2, shape).bool()
    width = torch.empty(0, dtype=dtype).element_size()
    raw = torch.randint(0, 256, (*shape, width), dtype=torch.uint8)
    return raw.view(dtype).reshape(shape)


def written(state: dict) -> bytes:
    packed = pack(state)
    data = b"".join(packed.chunks())
    assert len(data) == packed.size
    return data


def bits(tensor: Any) -> bytes:
    flat = tensor.resolve_conj().resolve_neg().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes()


def same(one: dict, other: dict) -> None:
    assert set(one) == set(other)
    for name, tensor in one.items():
        assert other[name].dtype == tensor.dtype
        assert other[name].shape == tensor.shape
        assert bits(other[name]) == bits(tensor), name


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_travels_to_and_from_the_oracle_to_the_bit(kind: str) -> None:
    state = {
        "map": numbers(kind, (3, 5, 2)),
        "number": numbers(kind, ()),
        "none": numbers(kind, (0, 4)),
        "turned": numbers(kind, (4, 6)).t(),
        "part": numbers(kind, (9, 3))[2:7, 1],
        "spread": numbers(kind, (1, 3)).expand(4, 3),
    }
    data = written(state)
    same(state, oracle.load(data))
    same(state, unpack(bytearray(data)))
    plain = {name: tensor.contiguous().clone() for name, tensor in state.items()}
    same(state, unpack(bytearray(oracle.save(plain))))


def test_types_of_all_widths_lie_together() -> None:
    state = {f"{kind}.{i}": numbers(kind, (i, 3)) for kind in KINDS for i in range(4)}
    same(state, oracle.load(written(state)))
    same(state, unpack(bytearray(written(state))))
    plain = {name: tensor.clone() for name, tensor in state.items()}
    same(state, unpack(bytearray(oracle.save(plain, {"a note": "of the package"}))))


def test_complex_and_negative_views_are_written_as_what_they_mean() -> None:
    base = torch.randn(4, dtype=torch.complex64)
    state = {"conj": base.conj(), "imag": base.conj().imag}
    assert state["imag"].is_neg()
    back = unpack(bytearray(written(state)))
    assert torch.equal(back["conj"], base.conj())
    assert torch.equal(back["imag"], base.conj().imag)


def test_parameters_and_tensors_with_gradients_are_written_as_numbers() -> None:
    layer = torch.nn.Linear(2, 3)
    back = unpack(bytearray(written(dict(layer.named_parameters()))))
    assert torch.equal(back["weight"], layer.weight)
    assert not back["weight"].requires_grad


def test_the_same_tensors_in_another_order_give_the_same_bytes() -> None:
    state = {"b": torch.ones(2), "a": torch.zeros(3), "c": torch.tensor(1)}
    assert written(state) == written(dict(reversed(state.items())))


def test_no_tensors_are_a_file_too() -> None:
    assert unpack(bytearray(written({}))) == {}
    assert oracle.load(written({})) == {}


def test_reading_copies_no_number() -> None:
    data = bytearray(written({"a": torch.arange(5.0), "b": torch.arange(3)}))
    back = unpack(data)
    back["a"].fill_(7)
    assert struct.pack("<5f", *[7.0] * 5) in bytes(data)
    assert torch.equal(back["b"], torch.arange(3))


def test_numbers_at_an_odd_place_are_read_all_the_same() -> None:
    table = {
        "flag": {"dtype": "BOOL", "shape": [1], "data_offsets": [0, 1]},
        "wide": {"dtype": "F64", "shape": [2], "data_offsets": [1, 17]},
    }
    data = lied(table, b"\1" + struct.pack("<2d", 0.1, -2.0))
    same(oracle.load(data), unpack(bytearray(data)))
    assert unpack(bytearray(data))["wide"].data_ptr() % 8 == 0


def test_the_header_tells_what_is_there_without_reading_numbers() -> None:
    data = written({"a": torch.zeros(2, 3), "b": torch.tensor(True)})
    cut = io.BytesIO(data[:-7])
    entries = header(cut, len(data))  # type: ignore[arg-type]
    assert entries == (Entry("a", "F32", (2, 3), 0, 24), Entry("b", "BOOL", (), 24, 25))
    with pytest.raises(BundleRefused, match="ended early"):
        header(io.BytesIO(data[:20]), len(data))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"__metadata__": [1.0]}, "__metadata__ is a name of the format itself"),
        ({"s": "sparse"}, "s is not dense numbers in memory"),
        ({"m": "meta"}, "m is not dense numbers in memory"),
        ({"z": "complex128"}, "z is torch.complex128"),
    ],
)
def test_what_the_format_cannot_hold_is_named(state: dict, reason: str) -> None:
    made = {
        "sparse": lambda: torch.eye(2).to_sparse(),
        "meta": lambda: torch.empty(2, device="meta"),
        "complex128": lambda: torch.ones(1).to(torch.complex128),
    }
    given = {k: made[v]() if isinstance(v, str) else torch.tensor(v) for k, v in state.items()}
    with pytest.raises(BundleRefused, match=reason):
        pack(given)


def test_too_many_tensors_and_too_long_names_are_not_written() -> None:
    one = torch.zeros(())
    with pytest.raises(BundleRefused, match="there are 50,001 tensors; at most 50,000"):
        pack({str(i): one for i in range(50_001)})
    with pytest.raises(BundleRefused, match="the names of the tensors take"):
        pack({"x" * (9 << 20): one})


def test_nan_and_infinity_are_found_in_every_type() -> None:
    state = {
        "fine": torch.ones(3), "nan": torch.tensor([1, float("nan")]), "count": torch.tensor(3),
        "inf": torch.tensor(float("inf"), dtype=torch.bfloat16), "flag": torch.tensor([True]),
        "complex": torch.tensor(complex(0, float("nan"))), "none": torch.empty(0),
        "small": torch.tensor(float("nan")).to(torch.float8_e4m3fn),
    }  # fmt: skip
    assert infinite(state) == ["nan", "inf", "complex", "small"]


# --- files that lie ---------------------------------------------------------------------------------------


def lied(table: object, data: bytes = b"") -> bytes:
    """A file with this header, true or not."""
    text = table if isinstance(table, bytes) else json.dumps(table).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(**changes: Any) -> dict:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}


GOOD = {"a": entry()}
LIES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "it has 0 bytes"),
    "seven bytes": (bytes(7), "it has 7 bytes"),
    "a header beyond the format's limit": (struct.pack("<Q", 100_000_001) + b"{}", "100,000,001"),
    "a header of all that numbers can say": (b"\xff" * 8 + b"{}", "its header has 18,446,744"),
    "a header longer than the file": (struct.pack("<Q", 50) + b"{}", "longer than the file"),
    "a cut file": (lied(GOOD, bytes(7)), "take 8 bytes and 7 are there"),
    "a longer file": (lied(GOOD, bytes(9)), "take 8 bytes and 9 are there"),
    "no JSON": (lied(b"{]"), "no JSON"),
    "no UTF-8": (lied(b'{"\xff": 1}'), "no UTF-8"),
    "a list": (lied([]), "its header is no table"),
    "nesting": (lied(b'{"a":' * 100_000), "nested too deep"),
    "a name twice": (
        lied(b'{"a":%b,"a":%b}' % ((json.dumps(entry()).encode(),) * 2), bytes(8)),
        "the name 'a' stands twice",
    ),
    "a field twice": (
        lied(b'{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', bytes(8)),
        "the name 'dtype' stands twice",
    ),
    "a field too many": (lied({"a": entry(more=1)}, bytes(8)), "and nothing else"),
    "a field missing": (lied({"a": {"dtype": "F32", "shape": [2]}}, bytes(8)), "needs dtype"),
    "a type of nobody": (lied({"a": entry(dtype="F33")}, bytes(8)), "a type that is not known"),
    "a type that is a list": (lied({"a": entry(dtype=["F32"])}, bytes(8)), "type that is not"),
    "a negative size": (lied({"a": entry(shape=[-2])}, bytes(8)), "a shape or a place"),
    "a size with a point": (lied({"a": entry(shape=[2.0])}, bytes(8)), "a shape or a place"),
    "a size that is true": (lied({"a": entry(shape=[True])}, bytes(8)), "a shape or a place"),
    "a size of all numbers": (lied({"a": entry(shape=[2**64 + 2])}, bytes(8)), "a shape or a"),
    "a shape that overflows": (
        lied({"a": entry(shape=[2**61, 4, 2, 2**59, 2])}, bytes(8)),
        "a shape beyond all memory",
    ),
    "a shape that overflows to nothing": (
        lied({"a": entry(shape=[0, 2**61, 2**61], data_offsets=[0, 0])}),
        "a shape beyond all memory",
    ),
    "a shape of petabytes": (
        lied({"a": entry(shape=[2**47], data_offsets=[0, 2**49])}, bytes(8)),
        "take 562,949,953,421,312 bytes and 8 are there",
    ),
    "a thousand dimensions": (lied({"a": entry(shape=[1] * 1000)}, bytes(8)), "a shape or a"),
    "a place that is too small": (lied({"a": entry(shape=[3])}, bytes(8)), "not as large as its"),
    "a place from behind": (lied({"a": entry(data_offsets=[8, 0])}, bytes(8)), "not as large"),
    "a place outside": (lied({"a": entry(data_offsets=[8, 16])}, bytes(8)), "a gap or an overlap"),
    "one place for two": (lied({"a": entry(), "b": entry()}, bytes(8)), "a gap or an overlap"),
    "an overlap": (
        lied({"a": entry(), "b": entry(data_offsets=[4, 12])}, bytes(12)), "a gap or an overlap",
    ),
    "a hole": (
        lied({"a": entry(), "b": entry(data_offsets=[12, 20])}, bytes(20)), "a gap or an overlap",
    ),
    "a hole before the first": (
        lied({"a": entry(data_offsets=[4, 12])}, bytes(12)), "a gap or an overlap",
    ),
    "truth that is neither": (
        lied({"a": entry(dtype="BOOL", data_offsets=[0, 2])}, b"\1\2"), "neither 0 nor 1",
    ),
    "100,000 tensors": (
        lied({str(i): entry(shape=[0], data_offsets=[0, 0]) for i in range(100_000)}),
        "its header is a table of more than 50,000 tensors",
    ),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_file_that_lies_about_itself_is_refused(lie: str) -> None:
    data, reason = LIES[lie]
    with pytest.raises(BundleRefused) as told:
        unpack(bytearray(data))
    assert reason in told.value.text
    assert told.value.text.isprintable()


def test_what_the_lies_are_made_of_is_true(tmp_path: Any) -> None:
    good = lied(GOOD, struct.pack("<2f", 1, 2))
    assert unpack(bytearray(good))["a"].tolist() == [1, 2]
    assert oracle.load(good)["a"].tolist() == [1, 2]


@pytest.mark.parametrize(
    "part", [b"[],", b"{},", b'{"":0},', pytest.param(b"1.5,", marks=pytest.mark.slow)]
)
def test_a_header_made_to_grow_in_memory_stays_below_256_megabytes(part: bytes) -> None:
    import tracemalloc

    count = (tensors.LARGEST_HEADER - 20) // len(part)
    data = bytearray(lied(b'{"a":[' + part * count + b"0]}"))
    tracemalloc.start()
    try:
        with pytest.raises(BundleRefused):
            unpack(data)
        assert tracemalloc.get_traced_memory()[1] < 256 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_as_many_tensors_as_are_allowed_can_be_written_and_read() -> None:
    one = torch.zeros(1, 1, 1, 1)
    state = {f"{i:x}": one for i in range(tensors.MOST_TENSORS)}
    assert len(unpack(bytearray(written(state)))) == tensors.MOST_TENSORS


def mutants_are_refused_or_read_as_the_oracle_reads_them(count: int) -> int:
    """Change a few bytes of a good file; give how many of the results could still be read."""
    draw = random.Random(12)
    state = {
        "a": torch.arange(6.0).reshape(2, 3),
        "b": torch.tensor([True, False]),
        "é": torch.ones(()),
    }
    good, read = written(state), 0
    for _ in range(count):
        data = bytearray(good)
        for _ in range(draw.choice((1, 1, 2, 5))):
            at = draw.randrange(len(data) - 31 if draw.random() < 0.9 else len(data))
            new = draw.choice(
                (bytes([draw.randrange(256)]), b"0", b"9", b"[", b"}", b",", b'"', b"")
            )
            data[at : at + 1] = new
        try:
            mine, said = unpack(bytearray(data)), ""
        except BundleRefused as fault:
            mine, said = {}, fault.text
        assert said.isprintable()
        if not said:
            read += 1
            same(mine, oracle.load(bytes(data)))
    return read


def test_2000_mutants_of_a_file_are_refused_or_read_as_the_oracle_reads_them() -> None:
    read = mutants_are_refused_or_read_as_the_oracle_reads_them(2000)
    assert 20 < read < 1500


@pytest.mark.slow
def test_100000_mutants_of_a_file_are_refused_or_read_as_the_oracle_reads_them() -> None:
    assert mutants_are_refused_or_read_as_the_oracle_reads_them(100_000) > 1000
