"""A missing package is one sentence, and looking for one imports nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from striate.errors import MissingExtra
from striate.optional import available, distribution, need, version


def test_what_is_there_is_imported() -> None:
    assert need("json", to="read", extra="train") is sys.modules["json"]
    assert need("xml.dom", to="read", extra="train").__name__ == "xml.dom"


def test_what_is_missing_is_explained_with_the_line_to_run() -> None:
    with pytest.raises(MissingExtra, match='"no_such" is needed to build a network') as caught:
        need("no_such.part", to="build a network", extra="train")
    assert caught.value.hint == "run: pip install 'striate[train]'"
    assert caught.value.exit_code == 6


@pytest.mark.parametrize(
    "content", ["import no_such_below", "raise ImportError('no driver')", "raise OSError('lib.so')"]
)
def test_what_is_there_but_broken_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    (tmp_path / "broken_package.py").write_text(content)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MissingExtra, match="installed, but cannot be imported: .+"):
        need("broken_package", to="draw", extra="train")


def test_a_module_missing_inside_a_package_is_that_package_missing() -> None:
    with pytest.raises(MissingExtra, match='"json" is needed'):
        need("json.no_such", to="read", extra="train")


def test_looking_for_a_package_does_not_import_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loud_package.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert available("loud_package")
    assert available("loud_package.inner")
    assert "loud_package" not in sys.modules


@pytest.mark.parametrize("name", ["no_such_package", "no_such.inner", "__main__"])
def test_looking_for_what_is_not_there_never_fails(name: str) -> None:
    assert available(name) in (True, False)


def test_versions_are_found_under_the_name_of_the_distribution() -> None:
    assert distribution("PIL.Image") == "Pillow"
    assert distribution("torch.nn") == "torch"
    assert (version("click") or "").startswith("8")
    assert version("no_such_package") is None
