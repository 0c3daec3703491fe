"""Watch layers while a network runs: `with tap(model, "stage2") as seen: model(pictures)`.

Watching changes nothing: hooks are always removed, outputs are kept as copies (so a ReLU that works in
place cannot rewrite them), modes, weights and random numbers are not touched. Training with and without a
tap is equal bit for bit; a test holds that for ever.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, final

from torch import Tensor, nn

from striate.errors import CannotLookInside

Take = Callable[[Tensor], Tensor]


@final
class Seen(Mapping[str, Tensor]):
    """What went out of the layers that are watched. `seen[name]` is the output of the last call; a module
    that is used several times has more, `seen.calls(name)`.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._calls: dict[str, list[Tensor]] = {name: [] for name in names}
        self.order: list[str] = []

    def __getitem__(self, name: str) -> Tensor:
        calls = self._calls[name]
        if not calls:
            raise CannotLookInside(
                f"the layer {name} was not run, so nothing of it was seen",
                "run the network inside the block, or watch another layer",
            )
        return calls[-1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, calls in self._calls.items() if calls)

    def __len__(self) -> int:
        return sum(bool(calls) for calls in self._calls.values())

    def calls(self, name: str) -> tuple[Tensor, ...]:
        """The outputs of a layer since the last `clear`, one for each call."""
        return tuple(self._calls[name])

    def put(self, name: str, value: Tensor) -> None:
        """Keep one output."""
        self._calls[name].append(value)
        self.order.append(name)

    def clear(self) -> None:
        """Forget what was seen, to see the next batch."""
        for calls in self._calls.values():
            calls.clear()
        self.order.clear()


@contextmanager
def tap(
    model: nn.Module, *names: str, take: Take | None = None, graph: bool = False
) -> Iterator[Seen]:
    """Watch the layers `names` ("" is the network itself) for as long as the block lasts.

    take: made of each output at once, so that little is held. graph: keep the tensors themselves, for
    gradients; what follows the layer then works on a copy of equal values.
    """
    known = dict(model.named_modules())
    seen = Seen(names)
    handles = []
    try:
        for name in names:
            watcher = _watching(seen, name, take, graph)
            handles.append(layer_of(known, name).register_forward_hook(watcher))
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def _watching(
    seen: Seen, name: str, take: Take | None, graph: bool
) -> Callable[[nn.Module, Any, Any], Tensor | None]:
    def watch(_: nn.Module, __: Any, made: Any) -> Tensor | None:
        found = first_tensor(made)
        if found is None:
            return None
        if graph and made is found:
            seen.put(name, found if take is None else take(found))
            copied: Tensor = found.clone()
            return copied
        kept = found.detach() if not graph else found
        seen.put(name, kept.clone() if take is None else take(kept))
        return None

    return watch


def first_tensor(made: Any) -> Tensor | None:
    """The tensor that a module gave; of several the first."""
    if isinstance(made, Tensor):
        return made
    if isinstance(made, Mapping):
        made = tuple(made.values())
    if isinstance(made, tuple | list):
        return next((one for part in made if (one := first_tensor(part)) is not None), None)
    return None


def layer_of(known: Mapping[str, nn.Module], name: str) -> nn.Module:
    """The module of that name, or a fault that says which names are near."""
    if name in known:
        return known[name]
    named = [one for one in known if one]
    near = difflib.get_close_matches(name, named, 3, 0.4) or named[:6]
    raise CannotLookInside(
        f"the network has no layer {name!r}",
        f"did you mean {' or '.join(near)}?" if near else "it has no layers with names",
    )
