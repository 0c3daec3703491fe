"""What the peers are given, and environments that are made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import train_peers
from bench.train_data import divided, thinned
from bench.train_peers import PEERS, NotInstalled, Peer, python_of


def test_every_peer_has_its_script_and_pins_what_it_installs() -> None:
    folder = Path(train_peers.__file__).parent
    for peer in PEERS.values():
        assert (folder / f"{peer.module}.py").is_file()
        assert all("==" in package for package in peer.packages)


def test_an_environment_is_made_once_and_anew_when_its_packages_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[list[str]] = []

    def installing(command: list[str]) -> None:
        said.append(command)
        (tmp_path / "striate-bench" / "a" / "bin").mkdir(parents=True, exist_ok=True)
        (tmp_path / "striate-bench" / "a" / "bin" / "python").touch()

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(train_peers, "_ran", installing)
    first = python_of(Peer("x", "X", "m", ("a==1", "b==2")))
    assert first == str(tmp_path / "striate-bench" / "a" / "bin" / "python")
    assert said[-1][1:] == ["-m", "pip", "install", "--quiet", "a==1", "b==2"]
    count = len(said)
    assert python_of(Peer("x", "X", "m", ("a==1", "b==2"))) == first
    assert len(said) == count
    python_of(Peer("x", "X", "m", ("a==2", "b==2")))
    assert len(said) > count


def test_an_installation_that_fails_says_why_and_is_not_taken_for_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(command: list[str]) -> None:
        raise NotInstalled("ERROR: no matching distribution")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(train_peers, "_ran", failing)
    for _ in range(2):
        with pytest.raises(NotInstalled, match="no matching distribution"):
            python_of(Peer("x", "X", "m", ("a==1",)))


def test_a_set_without_val_gives_every_fifth_picture_of_each_class(tmp_path: Path) -> None:
    for label, count in (("a", 10), ("b", 7)):
        (tmp_path / label).mkdir()
        for i in range(count):
            (tmp_path / label / f"{i:02}.jpg").touch()
    parts: dict[str, list[str]] = {"train": [], "val": []}
    for split, files in divided(tmp_path):
        parts[split] += [f"{file.parent.name}{file.stem}" for file in files]
    assert parts["val"] == ["a00", "a05", "b00", "b05"]
    assert len(parts["train"]) == 13
    assert not set(parts["train"]) & set(parts["val"])


def test_a_thinned_list_keeps_its_ends_apart_and_its_limit() -> None:
    assert thinned([1, 2, 3], 0) == [1, 2, 3]
    assert thinned(list(range(10)), 4) == [0, 3, 6, 9]
    assert len(thinned(list(range(50_000)), 2000)) == 2000


def test_the_plain_loop_shifts_and_mirrors_and_nothing_else() -> None:
    import torch

    from bench.train_peer_plain import PAD, augmented, factor, ready

    torch.manual_seed(0)
    picture = torch.randint(256, (1, 3, 6, 5), dtype=torch.uint8)
    padded = torch.nn.functional.pad(ready(picture), (PAD,) * 4)[0]
    windows = [
        padded[:, r : r + 6, c : c + 5] for r in range(2 * PAD + 1) for c in range(2 * PAD + 1)
    ]
    allowed = windows + [window.flip(2) for window in windows]
    met = [
        next(i for i, window in enumerate(allowed) if torch.equal(window, one))
        for one in augmented(picture.expand(400, -1, -1, -1))
    ]
    assert 120 < sum(i >= len(windows) for i in met) < 280
    assert len({i % len(windows) for i in met}) > 60
    assert [factor(0.025), factor(0.05), factor(1.0)] == pytest.approx([0.5, 1, 0])
