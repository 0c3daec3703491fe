"""Every fault a user can cause, under one root, each with a stable code.

The docstring of a class is its page: `striate explain-error CODE` prints it. Codes are never
reused. Letters: U usage, G grammar, S shapes, M models and weights, D data, N something missing on
this machine, F files, T training, E gates, P shipping, X ours.
"""

from __future__ import annotations

from typing import ClassVar


class StriateError(Exception):
    """A fault that Striate did not foresee. Please report it, with the text that caused it."""

    code: ClassVar[str] = "X001"
    title: ClassVar[str] = "internal fault"
    exit_code: ClassVar[int] = 1

    def __init__(self, text: str, hint: str = "", where: str = "") -> None:
        super().__init__(text)
        self.text, self.hint, self.where = text, hint, where

    def __str__(self) -> str:
        return f"{self.text}; {self.hint}" if self.hint else self.text

    def report(self) -> str:
        """The three-line form people see: what, where, what to do."""
        lines = [f"error[{self.code}]: {self.text}"]
        if self.where:
            lines.append("  where: " + self.where.replace("\n", "\n         "))
        if self.hint:
            lines.append("  fix:   " + self.hint.replace("\n", "\n         "))
        return "\n".join(lines)


class PlanError(StriateError):
    """A fault in the text of a network; `position` is the 0-based place in `source` where it
    starts, or None.
    """

    code, title, exit_code = "G000", "a fault in the text of a network", 4

    def __init__(
        self,
        text: str,
        hint: str = "",
        *,
        position: int | None = None,
        source: str = "",
        length: int = 1,
    ) -> None:
        super().__init__(text, hint)
        self.position, self.length = position, length
        self.source = source
        if position is not None and source:
            self.where = pointed(source, position, length)

    def located(self, source: str) -> PlanError:
        """The same fault, shown in `source`."""
        self.source = source
        if self.position is not None:
            self.where = pointed(source, self.position, self.length)
        return self


def pointed(source: str, position: int, length: int) -> str:
    """Three lines: the column, a window of 60 characters of the source, and carets under the
    fault.
    """
    position = min(max(position, 0), len(source))
    row = source.count("\n", 0, position) + 1
    start_of_row = source.rfind("\n", 0, position) + 1
    line = source[start_of_row:].split("\n", 1)[0]
    column = position - start_of_row
    left = max(0, column - 30)
    window = line[left : left + 60]
    head = "…" if left else ""
    tail = "…" if left + 60 < len(line) else ""
    carets = "^" * max(1, min(length, left + 60 - column))
    place = f"column {column + 1}" + (f" of line {row}" if row > 1 else "")
    shown = "".join(c if c.isprintable() else "\ufffd" for c in window)
    return f"{place}\n{head}{shown}{tail}\n{' ' * (len(head) + column - left)}{carets}"


class UsageError(StriateError):
    """The command was not typed as its help says: an unknown flag, a missing argument, a value of
    the wrong kind. `striate VERB --help` shows the flags and worked examples."""

    code, title, exit_code = "U001", "the command cannot be read", 2


class UnknownWord(PlanError):
    """A word of the plan is not one that Striate knows. The message lists the nearest known ones;
    `docs/grammar.md` lists all. Names of whole networks stand alone: `striate plan resnet50`."""

    code, title = "G001", "an unknown word"


class SyntaxFault(PlanError):
    """Brackets, stars or separators of the plan do not fit together. The grammar has at most twelve
    productions; they are printed in `docs/grammar.md`."""

    code, title = "G002", "the plan cannot be read"


class WordFault(PlanError):
    """A known word has a number or letter it cannot have: a kernel of 0, groups that do not divide
    the channels, a probability above 1, an option the word does not know."""

    code, title = "G003", "a word with an impossible value"


class LimitExceeded(PlanError):
    """A plan is larger than the stated limits: brackets nested 64 deep, 100,000 layers after
    unrolling, 64 kB of text, and numbers of at most 9 digits."""

    code, title = "G004", "a plan beyond the limits"


class DoesNotFit(PlanError):
    """A window is larger than the padded picture it slides over, so there is no place to put it:
    output = (size + 2 x padding - dilation x (kernel - 1) - 1) / stride + 1 must be at least 1.
    Pad more, use a smaller kernel, or pool less before it."""

    code, title = "S001", "a window that does not fit"


class Remainder(PlanError):
    """With --strict, as in the lectures, a window must end exactly at the border: "doesn't fit!".
    Without --strict the size is floored, as PyTorch does, and the table says how many rows and
    columns are never seen."""

    code, title = "S002", "a division with a remainder"


class ShapesDiffer(PlanError):
    """The arms of a branch or of a residual do not end in shapes that can be joined. Concatenating
    needs equal height and width; adding needs equal channels too (a residual makes a projection
    shortcut by itself where a 1x1 convolution with a stride can do it)."""

    code, title = "S003", "shapes that cannot be joined"


class NeedsMap(PlanError):
    """A convolution, a pool or another word that slides over rows and columns stands after
    `flatten` or `fc`, where only a vector is left. Move it before, or take the `flatten` out."""

    code, title = "S004", "a map is needed, a vector is there"


class Unbound(PlanError):
    """The plan does not say how large its input is, so shapes cannot be known yet. Start the text
    with `3x32x32:`, or bind the plan: `plan.on(3, 32, 32)`, `striate plan TEXT --input 3x32x32`."""

    code, title = "S005", "a plan without an input"


class ClassesDiffer(PlanError):
    """The last `fc` names another number of outputs than there are classes. Leave the number out
    (`fc`) and it takes the number of classes."""

    code, title = "S006", "another number of classes"


class UnknownModel(StriateError):
    """No network has that name in Striate's zoo, in torchvision or in timm, and it is not a text of
    the grammar. `striate models` lists the zoo."""

    code, title, exit_code = "M001", "an unknown network", 4


class CannotLoadModel(StriateError):
    """`package.module:function` must name something importable from the current folder that returns
    an `nn.Module` when called without arguments."""

    code, title, exit_code = "M002", "a network that cannot be made", 4


class CannotTrace(StriateError):
    """The network could not be run on shapes alone (the meta device), so its table cannot be made.
    Its own error is quoted. Usual causes: another input size is needed (`--input`), or `forward`
    looks at values."""

    code, title, exit_code = "M003", "a network that cannot be traced", 4


class WeightsRefused(StriateError):
    """A file of weights is not what it claims: wrong hash, not a table of tensors, code inside, too
    large. Nothing of it was used or run."""

    code, title, exit_code = "M004", "weights refused", 4


class WeightsDiffer(StriateError):
    """The weights belong to another network: another number of tensors or other shapes. The message
    names the first tensor that does not fit."""

    code, title, exit_code = "M005", "weights of another network", 4


class NoWeights(StriateError):
    """No pretrained weights are known for this network. Give a file with `--pretrained FILE`."""

    code, title, exit_code = "M006", "no weights known", 4


class BundleRefused(StriateError):
    """A bundle is not what its manifest says (damaged, cut off, files missing or added, links), or holds
    what no classifier has: fewer than two classes, a temperature of 0, weights that are no numbers.
    Nothing of it was used. Copy it anew, or write it anew from its run."""

    code, title, exit_code = "M007", "a bundle that is refused", 4


class CannotJudge(StriateError):
    """What a network said cannot be scored: values that are infinite or no numbers, no pictures, labels
    outside the classes, lists of different lengths, or two runs that were judged on other pictures. A
    score of the rest would hide that, so there is none."""

    code, title, exit_code = "M008", "answers that cannot be judged", 4


class CannotLookInside(StriateError):
    """What was to be seen is not in this network: no layer has that name, the layer has no maps or no
    filters, or the network does not answer with one row of scores for each picture. The message names
    layers that would do."""

    code, title, exit_code = "M009", "a network that cannot be looked into so", 4


class MissingExtra(StriateError):
    """A package that this needs is not installed. Striate never installs anything for you: the
    message gives the line to run. The base install predicts, serves, checks folders and plans
    networks; `striate[train]` adds torch."""

    code, title, exit_code = "N001", "a missing package", 6


class NoNetwork(StriateError):
    """Something had to be downloaded and could not be: no network, a server that answers with an
    error, or a transfer that stopped. What had arrived is kept and the next try goes on from
    there."""

    code, title, exit_code = "N002", "a download that failed", 6


class FileFault(StriateError):
    """A file or folder could not be read or written. The message says which, and the operating
    system's reason.
    """

    code, title, exit_code = "F001", "a file fault", 3


class RunFault(FileFault):
    """A folder cannot be used as a run: it is none, it holds one already, or it holds other files. Nothing
    in it was touched. `striate runs list` shows the runs, `striate resume RUN` goes on with one."""

    code, title = "F002", "a folder that is no run, or is one already"


class RunBusy(FileFault):
    """Another process works in this run; the message gives its number. Two never share a folder. The
    system frees a run at once when its process ends, even by `kill -9`."""

    code, title = "F003", "a run that another process works in"


class NewerFormat(FileFault):
    """A newer Striate wrote this. An older one does not guess what has changed since: install the newer
    one. What older ones wrote can always be read."""

    code, title = "F004", "a format from a newer version"


class NoGoodCheckpoint(FileFault):
    """There are checkpoints, and every one is damaged: the message says how. Starting from step 0 in
    silence would hide that, so it has to be asked for: train into another folder."""

    code, title = "F005", "no checkpoint that can be used"


class DownloadRefused(StriateError):
    """What arrived, or was about to arrive, is not what was asked for: another hash, more bytes
    than allowed, or an address that would not protect it on the way. Nothing of it was kept."""

    code, title, exit_code = "N003", "a download that was refused", 6


class DataError(StriateError):
    """A fault in the pictures a user gave, or in how they are divided."""

    code, title, exit_code = "D000", "a fault in the data", 3


class Unreadable(DataError):
    """One file is no picture that can be read: damaged, cut off, empty, too large, or of a format
    that is not among JPEG, PNG, WebP, GIF, BMP, TIFF (and AVIF where Pillow has it). It is never
    replaced by another picture and never made black. `striate check DATA` lists all such files;
    `--skip-bad` goes on without them and says so.
    """

    code, title = "D001", "a picture that cannot be read"


class NoPictures(DataError):
    """What was given holds no pictures in a form that is understood: DIR/class/*.jpg,
    DIR/train/class/*.jpg, a CSV or JSONL manifest with path and label, a .zip or .tar of these, or
    the name of a set (`striate data list`)."""

    code, title = "D002", "no pictures found"


class UnreadablePictures(DataError):
    """Some pictures cannot be read, and training would silently go without them. They are listed by
    path and reason. Repair or remove them, write them to a list with `striate check DATA
    --fixes-out FILE`, or go on without them by `--skip-bad`."""

    code, title = "D003", "unreadable pictures"


class ManifestFault(DataError):
    """A manifest must have a header with `path` and `label` (or one of their usual other names),
    and every row must name an existing file and a label. The message names file, line and
    column."""

    code, title = "D010", "a manifest that cannot be used"


class TaskNotYet(DataError):
    """For now a picture has one label. Several labels for one picture, or numbers to predict, are
    planned and refused until then, so that they are not taken for class names by mistake."""

    code, title = "D011", "another task than one label for each picture"


class ClassNotInTrain(DataError):
    """A class stands in val or test that train does not have, so the network could never answer it.
    The message names the folder and how many pictures it holds."""

    code, title = "D012", "a class that train lacks"


class SplitFault(DataError):
    """The pictures cannot be divided as asked: shares that leave nothing for training, a class with
    a single picture, a group column that is not there, a splits file that names other pictures."""

    code, title = "D013", "a split that cannot be made"


class ArchiveRefused(DataError):
    """An archive holds something that no set of pictures needs: absolute paths, `..`, links,
    devices, names that differ in capitals alone, or far more bytes or files than its size allows.
    Nothing of it was written."""

    code, title = "D014", "an archive that is refused"


class UnknownSet(DataError):
    """No folder, file or named set is called that. `striate data list` lists the sets."""

    code, title = "D015", "an unknown set"


class WorkerFault(DataError):
    """A thread or process that prepares pictures stopped or hung. The message names the picture it
    was at. Training never goes on without it in silence."""

    code, title = "D016", "a worker that failed"


class PreparationFault(DataError):
    """A preparation (how a file becomes the network's input) has a value it cannot have. All faults
    are listed.
    """

    code, title = "D017", "a preparation that cannot be used"


class SetNotHere(DataError):
    """A named set has not been got yet, or not all of it. Nothing is downloaded unasked: the message
    gives the line to run, `striate data get NAME`, and the places that were looked at."""

    code, title = "D018", "a named set that is not here"


class SetRefused(DataError):
    """A file of a named set is not the published one: its hash differs, or its content does not have
    the form of that set. Results on it could not be compared with anybody's. Move it away and get
    the set anew."""

    code, title = "D019", "a named set that is not the published one"


class RecipeFault(StriateError):
    """A recipe names a knob that there is none of, or gives one a value that it cannot have. All faults
    are told at once. `striate train DATA --dry-run` prints every knob with its value."""

    code, title, exit_code = "T001", "a recipe that cannot be used", 2


class NotFinite(StriateError):
    """The loss, a gradient or an answer for val became infinite or no number. Training stopped before the
    weights were changed, or with those of the last checkpoint; the message names the pictures of that batch;
    all of them are in `bad_batch.csv` of the run. Look at them, or lower `optimiser.rate`, or set
    `optimiser.clip`."""

    code, title, exit_code = "T002", "training that left the numbers", 4
    rows: tuple[int, ...] = ()  # of the batch, by their places in the dataset
    is_late: bool = False  # the weights were changed already, so they are not good


class NoMemory(StriateError):
    """Even one picture at a time needs more memory than there is. Make pictures smaller (`pictures.size`) or
    take a smaller network. Of several processes whose batch norms are summed, one alone cannot take fewer at
    a time: there the message says which `machine.micro_batch` to begin anew with."""

    code, title, exit_code = "T003", "not enough memory to train", 6


class ProcessLost(StriateError):
    """Of several processes that train together another one has ended, or has not answered for a minute. Its
    own message says why. The same command, or `striate resume` under torchrun, goes on from the last
    checkpoint."""

    code, title, exit_code = "T005", "training that lost a process", 6


class GateFailed(StriateError):
    """A figure did not reach what was asked for on the command line, so a script can stop here."""

    code, title, exit_code = "E001", "a figure below what was asked for", 5


class CannotTrain(StriateError):
    """What was asked for does not go together: a network for another input, weights for another network, a
    run that cannot be continued with these flags."""

    code, title, exit_code = "T004", "training that cannot start", 4


class GraphRefused(StriateError):
    """A model file cannot be used: it is no ONNX, it wants to read other files, or it was not made by
    `striate export`, so that nobody knows its classes and how a picture is prepared for it."""

    code, title, exit_code = "P001", "a model file that is refused", 4


class Disagrees(StriateError):
    """A file that was made or looked at gives other answers than the network it came from. `export` leaves
    no such file. Please report it, with the text of the network."""

    code, title, exit_code = "P002", "a model that gives other answers", 5


class LosesTooMuch(StriateError):
    """In eight bits the network is wrong more often than `--max-drop` allows, so no file was left. Both
    figures are in the message. Ship fp32, or allow more."""

    code, title, exit_code = "P003", "eight bits that cost too much", 5


class CannotServe(StriateError):
    """The server cannot start: the address is taken, it is open to others and there is no `--token`, or an
    `--allowed-host` is no name."""

    code, title, exit_code = "P004", "a server that cannot start", 2
