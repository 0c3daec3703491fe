"""All steps of a training: from the last checkpoint on, with looks at val, a log, and new checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from striate import safe
from striate.errors import DataError, NotFinite, StriateError
from striate.judging.answers import answered
from striate.judging.predict import predict
from striate.keeping import checkpoint
from striate.pictures.batches import Batch
from striate.training import rank_norm
from striate.training.loop import asking, fit
from striate.training.state import Look, Training
from striate.training.stopping import Stopping
from striate.training.update import Interrupted, named
from striate.verbs.train_frozen import fitted_head, still_norms
from striate.verbs.train_order import Event, Looked, Said, Stepped
from striate.verbs.train_ranks import call, enough_for
from striate.verbs.train_ready import Ready

BAD_BATCH = "bad_batch.csv"


def trained(ready: Ready, stop: Stopping) -> Generator[Event, None, Training]:
    """All steps, from the last checkpoint on where there is one; the network is what will be judged."""
    here = yield from _begun(ready)
    with stop.gracefully():
        try:
            yield from _steps(ready, here, stop)
        except Interrupted:
            _save(ready, here)
            yield Said(
                f"stopped after step {here.step:,}: `striate resume {ready.run.path}` goes on"
            )
        except DataError:  # the weights before that step are good, and kept
            _save(ready, here)
            raise
        except NotFinite as fault:
            if not fault.is_late:
                _save(ready, here)
            _list(ready, fault)
            raise
        else:  # a signal after the last question ends the program on leaving this block
            _save(ready, here)
    return here


def _begun(ready: Ready) -> Generator[Event, None, Training]:
    """Where the last checkpoint stands; else at step 0, with a fitted head if weights are given."""
    begun = time.perf_counter()
    run, network = ready.run, ready.chosen.network
    found = checkpoint.latest(run.path)
    head = (yield from fitted_head(ready)) if found is None else None
    if ready.ranks.count > 1:
        enough_for(ready)
        rank_norm.install(network)
    still = still_norms(ready)  # those that are there now, which are other modules on ranks
    here = Training.begin(
        network, ready.recipe, ready.course, ranks=ready.ranks,
        from_scratch=not ready.order.from_weights,
    )  # fmt: skip
    here.still = still
    if found is None:
        for note in here.masks.notes:
            yield Said(note, "warning")
    first: dict[str, Any] = {}
    if (
        head is not None
    ):  # what fine-tuning has to beat, on the same pictures that it will be judged by
        here.best_loss, accuracy = _judge(ready)(network)
        first = {"step": 0, "epoch": 0, "val_loss": here.best_loss, "val_accuracy": accuracy}
        here.best = {k: v.clone() for k, v in network.state_dict().items()}
    if found is not None:
        for text in found.findings:
            yield Said(text, "warning")
        here.load(found.tensors(), found.facts)
        yield Said(f"going on from step {found.step:,} of {ready.course.steps:,}")
    if ready.ranks.is_first:
        run.cut_metrics(found.step if found is not None else -1)
        if first:
            run.append_metrics(first)
            _timed(ready, 0, begun, 0)
        if found is None:
            _save(ready, here)
        call(ready.ranks, run)  # the others have waited for it
    ready.ranks.wait()  # their pictures may have to be prepared too
    return here


def _save(ready: Ready, here: Training) -> None:
    """A checkpoint, by the rank that writes."""
    if ready.ranks.is_first:
        checkpoint.save(ready.run.path, here.step, *here.state())


def _list(ready: Ready, fault: NotFinite) -> None:
    """All pictures of the batch into a file of the run, which the fault names: it shows a few itself."""
    if not fault.rows or not ready.ranks.is_first:
        return
    data, path = ready.dataset, ready.run.file(BAD_BATCH)
    which = "look" if fault.is_late else "batch"
    told = [(data.paths[row], data.classes[int(data.labels[row])]) for row in fault.rows]
    try:
        safe.write_csv(path, [("path", "label"), *told])
    except (StriateError, OSError) as second:
        fault.add_note(f"and its pictures could not be listed: {second}")
        return
    fault.hint = f"{fault.hint}; {path} lists all {len(told):,} pictures of that {which}"


def _steps(ready: Ready, here: Training, stop: Stopping) -> Generator[Event, None, None]:
    """Every step, with looks at val and checkpoints where they are due."""
    at, judge = ready.course, _judge(ready, lambda coming: asking(coming, here, stop))
    batches = ready.batches()
    if why := batches.hold():
        yield Said(why, "warning")
    saved, begun, last, said = here.step, time.perf_counter(), here.step, 0
    steps = fit(here.network, batches, ready.recipe, at, judge=judge, training=here, stop=stop)
    for told in steps:
        yield from _noted(here, said)
        said = len(here.notes)
        yield Stepped(told.step, told.steps, told.epoch, told.loss, told.accuracy, told.pictures)
        if told.look is not None:
            row = _row(told.step, told.epoch, told.rate, told.look)
            if ready.ranks.is_first:
                ready.run.append_metrics(row)
            yield Looked(row)
            begun, last = _timed(ready, told.step, begun, last)
        if told.step - saved >= at.save_every and told.step < at.steps:
            _save(ready, here)
            saved = told.step
    yield from _noted(here, said)


def _noted(here: Training, said: int) -> Iterator[Said]:
    """What happened that changes the training, such as memory that ran out: told when it happens, and again
    by a run that goes on under it.
    """
    for note in here.notes[said:]:
        yield Said(note, "warning")


def _timed(ready: Ready, step: int, begun: float, last: int) -> tuple[float, int]:
    """A line of timings.csv: how fast it was, apart from metrics.csv, which does not depend on that."""
    now = time.perf_counter()
    path = ready.run.file("timings.csv")
    if ready.ranks.is_first:
        if not path.exists():
            safe.write_text(path, "step,seconds,pictures_per_second\n")
        pace = (step - last) * ready.course.batch / max(now - begun, 1e-9)
        safe.append_line(path, f"{step},{now - begun:.3f},{pace:.1f}")
    return now, step


def _row(step: int, epoch: int, rate: float, look: Look) -> dict[str, Any]:
    """A row of metrics.csv: nothing in it depends on how fast the machine is."""
    return {
        "step": step, "epoch": epoch, "rate": rate, "train_loss": look.train_loss,
        "train_accuracy": look.train_accuracy, "val_loss": look.val_loss,
        "val_accuracy": look.val_accuracy,
    }  # fmt: skip


def _judge(
    ready: Ready, asked: Callable[[Iterator[Batch]], Iterator[Batch]] = lambda coming: coming
) -> Callable[[torch.nn.Module], tuple[float, float]]:
    """Loss and accuracy on some of val, in fp32; `asked` cuts it off where a signal came."""
    batches, labels = ready.glance(), ready.dataset.labels.astype(np.int64)

    def judge(network: torch.nn.Module) -> tuple[float, float]:
        coming = asked(batches.epoch(0))
        logits, rows = predict(network, coming, device=ready.course.device)
        _refuse_odd(ready, logits, rows)
        found = answered(logits, labels[rows])
        return float(found.loss.mean()), float(found.correct.mean())

    return judge


def _refuse_odd(ready: Ready, logits: NDArray[np.floating], rows: NDArray[np.int64]) -> None:
    """No look at answers that are no numbers: the steps before it were too large."""
    odd = rows[~np.isfinite(logits).all(axis=1)]
    if not len(odd):
        return
    fault = NotFinite(
        f"answers for {len(odd):,} of {len(rows):,} pictures of val became infinite or no numbers; training "
        "stopped, and such weights were not saved",
        "begin anew with a lower --set optimiser.rate=..., or with optimiser.clip=1",
        where=named(ready.dataset, odd),
    )
    fault.rows, fault.is_late = tuple(int(row) for row in odd), True
    raise fault
