"""Networks from elsewhere by their written name: `package.module:function`, `torchvision:NAME`, `timm:NAME`.

Nothing is ever downloaded: the weights are random.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from striate.errors import CannotLoadModel, UnknownModel
from striate.grammar.vocabulary import nearest
from striate.optional import need

if TYPE_CHECKING:
    from torch import nn

_FORMS = "write `package.module:function`, `torchvision:NAME` or `timm:NAME`"
# Their constructors warn that the first weights will be drawn in another way one day, unless told which way.
_ASKS_FOR_FIRST_WEIGHTS = frozenset({"googlenet", "inception_v3"})


def load(name: str) -> nn.Module:
    """The network called `name`, with random weights.

    Code of the current folder is found too; it is run, so name only what you trust.
    """
    where, colon, what = name.strip().partition(":")
    if not colon or not where or not what:
        raise CannotLoadModel(f"{name[:80]!r} does not name a network from elsewhere", _FORMS)
    match where:
        case "torchvision":
            return _torchvision(what)
        case "timm":
            return _timm(what)
        case _:
            return _made(_found(where, what, name), name)


def _torchvision(name: str) -> nn.Module:
    models = need("torchvision", to=f"make torchvision's {name}", extra="train").models
    _check_known(name, models.list_models(module=models), "torchvision has no classifier")
    asked = {"init_weights": True} if name in _ASKS_FOR_FIRST_WEIGHTS else {}
    made: nn.Module = models.get_model(name, weights=None, **asked)
    return made


def _timm(name: str) -> nn.Module:
    timm = need("timm", to=f"make timm's {name}", extra="zoo")
    architecture, _, tag = name.partition(".")
    _check_known(architecture, timm.list_models(), "timm has no network")
    if tag:
        _check_known(name, timm.list_pretrained(f"{architecture}.*"), "timm has no weights")
    made: nn.Module = timm.create_model(name, pretrained=False)
    return made


def _check_known(name: str, known: Sequence[str], what: str) -> None:
    if name not in known:
        near = nearest(name, list(known))
        raise UnknownModel(f"{what} called {name[:80]!r}", f"did you mean {near}?" if near else "")


def _found(module: str, attribute: str, name: str) -> Any:
    """The object that `module:attribute` names."""
    if not all(part.isidentifier() for part in f"{module}.{attribute}".split(".")):
        raise CannotLoadModel(f"{name[:80]!r} is not a module and a name in it", _FORMS)
    with _current_folder():
        importlib.invalidate_caches()
        try:
            found: Any = importlib.import_module(module)
        except ModuleNotFoundError as fault:
            if fault.name is None or not f"{module}.".startswith(f"{fault.name}."):
                raise _broken(f"importing {module}", fault) from fault
            raise CannotLoadModel(
                f"there is no module {fault.name!r}, neither in {Path.cwd()} nor among what is installed",
                "run this in the folder that holds it; a file `net.py` is the module `net`",
            ) from None
        except (Exception, SystemExit) as fault:
            raise _broken(f"importing {module}", fault) from fault
    for part in attribute.split("."):
        if not hasattr(found, part):
            near = nearest(part, [n for n in dir(found) if not n.startswith("_")])
            hint = f"did you mean {near}?" if near else "check the name after the colon"
            raise CannotLoadModel(f"{module} has no {part!r}", hint)
        found = getattr(found, part)
    return found


@contextmanager
def _current_folder() -> Iterator[None]:
    """The current folder is where modules are looked for first, for as long as this lasts."""
    folder = os.getcwd()
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def _made(found: Any, name: str) -> nn.Module:
    """The network itself, or what its class or function gives without arguments."""
    torch = need("torch", to=f"make {name}", extra="train")
    if isinstance(found, torch.nn.Module):
        return found  # type: ignore[no-any-return]
    if not callable(found):
        raise CannotLoadModel(
            f"{name} is a {type(found).__name__}, not a network or a function that makes one",
            _FORMS,
        )
    if wanted := _arguments(found):
        raise CannotLoadModel(
            f"{name} wants {', '.join(wanted)}, but it is called without arguments",
            "name a function that gives them: `def net(): return Net(classes=10)`",
        )
    try:
        made = found()
    except (Exception, SystemExit) as fault:
        raise _broken(f"calling {name}", fault) from fault
    if not isinstance(made, torch.nn.Module):
        raise CannotLoadModel(
            f"{name} gave a {type(made).__name__}, not an nn.Module", "return the network"
        )
    return made  # type: ignore[no-any-return]


def _arguments(function: Any) -> list[str]:
    """The arguments without which it cannot be called."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C
        return []
    free = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    return [p.name for p in parameters if p.default is p.empty and p.kind not in free]


def _broken(doing: str, fault: BaseException) -> CannotLoadModel:
    said = " ".join(str(fault).split())[:300]
    told = f"{doing} failed: {type(fault).__name__}: {said}".rstrip(": ")
    return CannotLoadModel(told, "repair it, then try again", _place(fault))


def _place(fault: BaseException) -> str:
    """File and line of the innermost frame that is neither Python's, nor a package's, nor ours."""
    if isinstance(fault, SyntaxError) and fault.filename:
        return f"{fault.filename}, line {fault.lineno}"
    frames = [(f.filename, f.lineno) for f in traceback.extract_tb(fault.__traceback__)]
    own = [frame for frame in frames if _is_users(frame[0])]
    return f"{own[-1][0]}, line {own[-1][1]}" if own else ""


def _is_users(filename: str) -> bool:
    paths = sysconfig.get_paths()
    foreign = [
        paths["stdlib"],
        paths["platstdlib"],
        paths["purelib"],
        paths["platlib"],
        str(Path(__file__).parents[1]),
    ]
    return not filename.startswith("<") and not any(
        Path(filename).is_relative_to(p) for p in foreign
    )
