"""A network that ONNX Runtime runs: opened safely, with what the file says of itself.

Nothing outside of the file is read (`graph_scan`, and an empty folder for external data on top of it), and
threads follow the quota of the container.

A file is opened by its path where that is safe: ONNX Runtime copies bytes that it is given more than once,
which takes ResNet-50 an eighth of a second of processor time more. What is opened must be what was
scanned. So both read one open file, through /proc/self/fd, which a rename does not change; and who writes
into that very file meanwhile changes its size or its times, one of which nobody can set (ctime). They are
compared when ONNX Runtime has read it, before any of it is used: where they differ the file is refused, and
with it whatever external data the scan did not see. Times are no finer than some milliseconds, so a file that
was written a moment ago is given as bytes. Who may write to the file and keeps it mapped can still
change it unseen; he could as well have given another model.

Shape legend: N batch, C channels, H height, W width, K classes.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from striate.errors import GraphRefused
from striate.keeping.strict_json import parse
from striate.machine import usable_threads
from striate.safe import unreadable
from striate.shipping.graph_scan import refuse_outside
from striate.shipping.opened import open_graph

FACTS = "striate"  # the name of our JSON in the file's metadata
FORMAT = 1
Kind = Literal["tensor", "picture"]
_HANDLES = Path("/proc/self/fd")
_SETTLED_S = 2.0  # some file systems keep times to a second or two


@final
class Session:
    """`run` is safe from several threads. kind: `tensor` takes prepared N C H W float32 and gives logits,
    `picture` takes 1 H W 3 uint8 and gives probabilities. shared: several runs go on side by side, so a
    thread that waits sleeps instead of spinning, which would starve the others. facts: what `striate
    export` wrote into the file.
    """

    def __init__(
        self, data: bytes | Path, threads: int | None = None, shared: bool = False
    ) -> None:
        threads = threads or usable_threads()
        if isinstance(data, Path):
            self._session = _opened_at(data, threads, shared)
        else:
            refuse_outside(data)
            self._session = _opened(data, threads, shared)
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise _refused(f"it takes {len(inputs)} inputs, and one is needed")
        self.input: str = inputs[0].name
        self.outputs: list[str] = [one.name for one in self._session.get_outputs()]
        self.facts = _facts(self._session.get_modelmeta().custom_metadata_map)
        self.kind: Kind = "picture" if inputs[0].type == "tensor(uint8)" else "tensor"

    def run(self, given: NDArray[Any]) -> NDArray[np.float32]:
        """The first output: a row of numbers for each picture."""
        try:
            found: Any = self._session.run(self.outputs[:1], {self.input: given})[0]
        except Exception as fault:  # noqa: BLE001 as when it is opened
            raise _refused(f"ONNX Runtime cannot run it: {_line(fault)}") from None
        is_table = isinstance(found, np.ndarray) and found.ndim == 2 and found.dtype.kind == "f"
        if not is_table or len(found) != len(given):
            raise _refused("it does not give a row of numbers for each picture")
        made: NDArray[np.float32] = found
        return made


def _opened_at(path: Path, threads: int, shared: bool) -> Any:
    """By its path where it cannot be another file than the one that was scanned, else as bytes."""
    with open_graph(path) as held:
        before = os.fstat(held.fileno())
        try:
            data = held.read()
        except OSError as fault:
            raise unreadable(path, fault) from None
        refuse_outside(data)
        place = _HANDLES / str(held.fileno())
        if not place.exists() or time.time() - before.st_ctime < _SETTLED_S:
            return _opened(data, threads, shared)
        del data
        session = _opened(str(place), threads, shared)
        after = os.fstat(held.fileno())
    if _state(before) != _state(after):
        raise _refused("it was changed while it was opened")
    return session


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _opened(data: bytes | str, threads: int, shared: bool) -> Any:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Else four bytes make it read its own format, which the scan does not know.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    if shared:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        with tempfile.TemporaryDirectory(prefix="striate-empty-") as empty:
            key = "session.model_external_initializers_file_folder_path"
            options.add_session_config_entry(key, empty)
            return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as fault:  # noqa: BLE001 whatever ONNX Runtime says of a file is one thing
        raise _refused(f"ONNX Runtime cannot run it: {_line(fault)}") from None


def _facts(metadata: dict[str, str]) -> dict[str, Any]:
    """What we wrote into the file; nothing where it is not ours."""
    if FACTS not in metadata:
        return {}
    try:
        found = parse(metadata[FACTS].encode("utf-8", "replace"))
    except ValueError as fault:
        raise _refused(f"what it says of itself is no JSON: {fault}") from None
    if not isinstance(found, dict) or type(found.get("format")) is not int:
        raise _refused("what it says of itself is no table with a format")
    if found["format"] > FORMAT:
        raise _refused(f"it has format {found['format']}, and this Striate reads up to {FORMAT}")
    return found


def facts_text(facts: dict[str, Any]) -> str:
    """What goes into the metadata: in their order."""
    told = {"format": FORMAT, **facts}
    return json.dumps(told, ensure_ascii=False, allow_nan=False)


def _refused(text: str) -> GraphRefused:
    return GraphRefused(text, "give a file that `striate export` made")


def _line(fault: BaseException) -> str:
    text = str(fault).replace("\n", " ").strip()
    text = text.partition(" : ")[2] or text
    return "".join(c if c.isprintable() else " " for c in text)[:200]
