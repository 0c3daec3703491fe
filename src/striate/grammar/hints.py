"""What the lectures advise, looked for in a network: sizes and words alone, before a tensor exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from striate.geometry.shape import Pair, Shape
from striate.grammar.chains import Chain, chains
from striate.grammar.hint import Hint, silenced
from striate.grammar.hints_linear import linear_pairs
from striate.grammar.layer import Layer
from striate.grammar.plain import Flatten, Full
from striate.grammar.plan import Plan
from striate.grammar.sheet import Sheet
from striate.grammar.sliding import Adaptive, Filtering, Global, Pooling
from striate.grammar.words import Word

MOST_CONVOLUTIONS = 5  # before a pool: "N is usually up to ~5"
LOST_SHARE = 0.2  # of a side, to windows without padding: 32 -> 28 -> 24 loses a quarter


def hints(found: Plan | Sheet, silence: Iterable[str] = ()) -> tuple[Hint, ...]:
    """All hints for a plan or a traced table, but for those named in `silence`.

    >>> [hint.name for hint in hints(Plan.read("3x32x32: conv5-8 conv5-8 relu max2 fc10"))]
    ['linear-pair', 'shrinks-fast']
    """
    quiet = silenced(silence)
    sheet = found.sheet if isinstance(found, Plan) else found
    straight = chains(found)
    made = [
        *(hint for chain in straight for hint in linear_pairs(chain)),
        *(hint for chain in straight for hint in _shrinking(chain)),
        *_on_one_place(sheet),
        *_unseen(sheet),
        *(hint for chain in straight for hint in _late_pools(chain, sheet)),
        *_heavy(sheet),
        *_small_field(sheet),
    ]
    return tuple(hint for hint in made if hint.name not in quiet)


def _shrinking(chain: Chain) -> Iterator[Hint]:
    """Convolutions in a row without padding, between two steps that are meant to make the map smaller."""
    run: list[Layer] = []
    for layer in (*chain, None):
        if layer is not None and _shrinks(layer):
            run.append(layer)
        elif layer is None or _is_smaller(layer):
            if len(run) > 1 and _lost(run) >= LOST_SHARE:
                yield _shrunk(run)
            run = []


def _shrinks(layer: Layer) -> bool:
    """A convolution that takes borders away; one as large as its map is a fully connected layer."""
    windows = layer.kind.windows() if isinstance(layer.kind, Filtering) else None
    return (
        windows is not None
        and all(window.stride == 1 for window in windows)
        and layer.output.sides != layer.given.sides
        and layer.output.sides != (1, 1)
    )


def _is_smaller(layer: Layer) -> bool:
    return layer.output.flat or layer.output.sides != layer.given.sides


def _lost(run: list[Layer]) -> float:
    before, after = run[0].given, run[-1].output
    return max(1 - after.height / before.height, 1 - after.width / before.width)


def _shrunk(run: list[Layer]) -> Hint:
    sizes = [run[0].given.sides, *(layer.output.sides for layer in run)]
    shown = sizes if len(sizes) < 7 else [*sizes[:3], *sizes[-2:]]
    way = " → ".join(_side(pair) for pair in shown[:3]) + (" → …" if len(sizes) > 6 else "")
    way += "".join(f" → {_side(pair)}" for pair in shown[3:])
    first = run[0]
    windows = first.kind.windows() if first.kind else None
    extent = windows[0].extent if windows else 1
    pad = f"padding (F - 1)/2 = {(extent - 1) // 2}, which keeps the size"
    if extent % 2 == 0:
        pad = "an odd window F with padding (F - 1)/2, which keeps the size"
    text = (
        f"{way}: {len(run)} convolutions without enough padding take {_lost(run):.0%} of a side; "
    )
    return Hint(
        "shrinks-fast",
        tuple(layer.name for layer in run),
        text + "shrinking too fast does not work well",
        pad,
    )


def _on_one_place(sheet: Sheet) -> Iterator[Hint]:
    """Windows on a map of one place: all but one of their weights only ever meet padding."""
    blind = [
        layer
        for layer in sheet.layers
        if isinstance(layer.kind, Filtering)
        and layer.given.sides == (1, 1)
        and max(layer.kind.kernel) > 1
    ]
    if blind:
        height, width = sheet.given.sides
        many = "1 convolution slides" if len(blind) == 1 else f"{len(blind)} convolutions slide"
        yield Hint(
            "shrinks-fast",
            tuple(layer.name for layer in blind),
            f"from {blind[0].name} on the map is 1x1: {many} over padding around one place",
            f"larger pictures than {height}x{width}, fewer strides or pools, or another network",
        )


def _unseen(sheet: Sheet) -> Iterator[Hint]:
    """Rows and columns after the last window, which no window touches."""
    for layer in sheet.layers:
        lost = _border(layer.kind, layer.given) if layer.kind else (0, 0)
        windows = layer.kind.windows() if layer.kind else None
        if layer.kind is None or windows is None or not any(lost):
            continue
        axis = 0 if lost[0] else 1
        window, side = windows[axis], layer.given.sides[axis]
        does_not = f"{window.sum_text(side)} does not fit"
        seen = [word for word in _roomier(layer.kind) if not any(_border(word, layer.given))]
        roomy = f"{seen[0].text}, which sees all" if seen else "another size"
        yield Hint(
            "unseen-border",
            (layer.name,),
            f"{layer.word} on {_side(layer.given.sides)} never sees {_rows(lost)}: {does_not}",
            f"{roomy} (without a rest: {window.fits(side)})",
        )


def _border(kind: Word, given: Shape) -> Pair:
    """How many rows and columns come after the last window. Windows that skip on purpose, as the 1x1 of a
    shortcut with a stride, have no border to see.
    """
    windows = kind.windows()
    if windows is None or any(window.extent < window.stride for window in windows):
        return 0, 0
    rows, columns = (
        max(0, window.remainder(side) - window.after)
        for window, side in zip(windows, given.sides, strict=True)
    )
    return rows, columns


def _roomier(kind: Word) -> list[Word]:
    """The same word with a last window that hangs over, or with as much padding as it takes."""
    if isinstance(kind, Pooling):
        return [replace(kind, ceil=True)]
    return [replace(kind, padding="same")] if isinstance(kind, Filtering) else []


def _rows(lost: Pair) -> str:
    if lost[0] == lost[1]:
        return "the last row and column" if lost[0] == 1 else f"the last {lost[0]} rows and columns"
    told = [
        f"the last {name}" if number == 1 else f"the last {number} {name}s"
        for number, name in zip(lost, ("row", "column"), strict=True)
        if number
    ]
    return " and ".join(told)


def _late_pools(chain: Chain, sheet: Sheet) -> Iterator[Hint]:
    """More convolutions in a row than the lectures' N before the map gets smaller. 1x1 do not look around."""
    run: list[Layer] = []
    for layer in (*chain, None):
        if layer is None or _has_stride(layer):
            if len(run) > MOST_CONVOLUTIONS:
                ends = chain[-1] is sheet.layers[-1]  # else a fork follows, with whatever is in it
                before = "and none of them is followed by a pool" if ends else "in a row"
                before = f"before {layer.name}" if layer else before
                yield Hint(
                    "late-pool",
                    tuple(one.name for one in run),
                    f"{len(run)} convolutions from {run[0].name} to {run[-1].name} {before}: "
                    f"[(CONV-RELU)*N-POOL?]*M has N up to about {MOST_CONVOLUTIONS}",
                    "a max2 or a stride of 2 among them, or residuals `{ … }` around every two",
                )
            run = []
        elif isinstance(layer.kind, Filtering) and max(layer.kind.kernel) > 1:
            run.append(layer)


def _has_stride(layer: Layer) -> bool:
    windows = layer.kind.windows() if layer.kind else None
    if windows is not None:
        return any(window.stride > 1 for window in windows)
    return isinstance(layer.kind, Adaptive | Global | Flatten | Full)


def _heavy(sheet: Sheet) -> Iterator[Hint]:
    """Most parameters in fully connected layers, where a pool before them would have made them small."""
    full = [layer for layer in sheet.layers if isinstance(layer.kind, Full)]
    slides = any(isinstance(layer.kind, Filtering) for layer in sheet.layers)
    held = sum(layer.parameters for layer in full)
    wide = _flattened(sheet)
    if slides and wide and 2 * held > sheet.parameters:
        most = max(full, key=lambda layer: layer.parameters)
        yield Hint(
            "fc-heavy",
            tuple(layer.name for layer in full),
            f"{held / sheet.parameters:.0%} of the parameters are in fully connected layers, "
            f"{most.parameters:,} in {most.name}, which takes {most.given.count:,} numbers",
            f"gap instead of flattening {wide[0]}x{wide[1]} places, a pool more, or fewer units",
        )


def _flattened(sheet: Sheet) -> Pair | None:
    """Rows and columns of the map that is flattened, where there is more than one place."""
    for layer in sheet.layers:
        if isinstance(layer.kind, Flatten | Full):
            return None if layer.given.flat or layer.given.sides == (1, 1) else layer.given.sides
    return None


def _small_field(sheet: Sheet) -> Iterator[Hint]:
    """A global pool over units of which none sees the picture, as a fully connected layer would."""
    at = next((i for i, layer in enumerate(sheet.layers) if _ends(layer)), 0)
    head = sheet.layers[at] if sheet.layers else None
    reach, sides = sheet.receptive_field, sheet.given.sides
    if head is None or not at or not reach or not isinstance(head.kind, Global | Adaptive):
        return
    if head.output.sides != (1, 1) or all(r >= side for r, side in zip(reach, sides, strict=True)):
        return
    axis = max((0, 1), key=lambda i: sides[i] - reach[i])
    seen = f"{_pair(reach)} of {_pair(sides)} pixels"
    text = f"{head.name} sums up units that see {seen}, and none sees the whole"
    yield Hint("small-field", (head.name,), text, _growing(sheet.layers[:at], sides[axis], axis))


def _ends(layer: Layer) -> bool:
    return isinstance(layer.kind, Adaptive | Global | Flatten | Full)


def _growing(layers: tuple[Layer, ...], side: int, axis: int) -> str:
    """How many layers or halvings it takes until a unit sees the side."""
    grown = [layer for layer in layers if layer.field and layer.field[axis].size > 1]
    last = layers[-1].field
    if last is None:
        return "more layers"
    size, jump = last[axis].size, last[axis].jump
    more = -((size - side) // (2 * jump))
    words = _more(more, "3x3 convolution", "3x3 convolutions") + " before it"
    first = grown[0].field if grown else None
    if first is not None and first[axis].size < size:
        early, step = first[axis].size, first[axis].jump
        # k pools of 2 widen the field by step, 2 step, 4 step ..., and all that comes after 2^k times.
        halvings = next(
            k for k in range(1, 64) if early + (2**k - 1) * step + 2**k * (size - early) >= side
        )
        place = "early on" if "." in grown[0].name else f"after {grown[0].name}"
        words += f", or {_more(halvings, 'max2', 'max2')} {place}"
    return words


def _more(number: int, name: str, plural: str) -> str:
    return f"one more {name}" if number == 1 else f"{number} more {plural}"


def _side(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"


def _pair(pair: Pair) -> str:
    return f"{pair[0]} x {pair[1]}"
