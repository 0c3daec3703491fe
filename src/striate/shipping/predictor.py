"""Many pictures through one classifier: threads decode while the network runs, and the order is kept.

Each thread takes a batch of names, reads and decodes it and runs the network on its one core. That keeps
every core busy whatever is slow, disk, decoding or network, and it needs no queue between the two: on two
cores it is as fast as one network on both cores beside a thread that decodes, or faster.

How pictures are put together into batches follows from their places alone, so the same list gives the same
answers to the last bit, also when it is taken up in the middle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, final

from striate.shipping.answer import Answer

if TYPE_CHECKING:
    from concurrent.futures import Future

    from striate.shipping.classifier import Classifier

_NUMBERS = 600_000  # float32 of a batch: 4 pictures of 224 x 224; more were not faster
_LEAST, _MOST = 4, 64


def batch_for(shape: tuple[int, int, int], count: int | None = None, threads: int = 1) -> int:
    """How many pictures of H W C go together; few enough that `count` of them give every thread some.

    >>> batch_for((224, 224, 3)), batch_for((32, 32, 3)), batch_for((224, 224, 3), 4, 2)
    (4, 64, 2)
    """
    height, width, channels = shape
    batch = max(_LEAST, min(_MOST, _NUMBERS // (height * width * channels)))
    return batch if count is None else max(1, min(batch, -(-count // threads)))


@final
class Predictor:
    """`answers` may be used once at a time. The classifier should run on one core, as `load(threads=1)`
    does, when `threads` is more than one.
    """

    def __init__(self, classifier: Classifier, batch: int, threads: int = 1, top: int = 3) -> None:
        self.classifier, self.batch, self.threads, self.top = classifier, batch, threads, top

    def answers(self, names: Iterable[str | None]) -> Iterator[list[Answer]]:
        """A list for each batch, in order. None among the names: answer what is known before going on."""
        if self.threads == 1:
            yield from map(self.of_batch, filter(None, _groups(names, self.batch)))
            return
        from concurrent.futures import ThreadPoolExecutor

        ahead = self.threads + 1
        waiting: deque[Future[list[Answer]]] = deque()
        with ThreadPoolExecutor(self.threads, thread_name_prefix="striate-predict") as crew:
            try:
                for group in _groups(names, self.batch):
                    if group:
                        waiting.append(crew.submit(self.of_batch, group))
                    while waiting and (not group or len(waiting) > ahead or waiting[0].done()):
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for one in waiting:
                    one.cancel()

    def of_batch(self, names: list[str]) -> list[Answer]:
        """One answer for each; what cannot be read is an answer with its reason."""
        made = [self.classifier.prepare(name) for name in names]
        good = [one for one in made if not isinstance(one, str)]
        rows = iter(self.classifier.probabilities(good)) if good else iter(())
        return [
            Answer.failed(name, one)
            if isinstance(one, str)
            else self.classifier.answer(name, next(rows), self.top)
            for name, one in zip(names, made, strict=True)
        ]


def _groups(names: Iterable[str | None], size: int) -> Iterator[list[str]]:
    """Names by the batch; an empty list where the source stands still."""
    held: list[str] = []
    for name in names:
        if name is not None:
            held.append(name)
        elif held:
            yield held
            held = []
        if name is None:
            yield []
        elif len(held) == size:
            yield held
            held = []
    if held:
        yield held
