"""The commit of the folder one works in, as git itself says it, and nothing from a folder that means harm."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from striate.keeping.revision import revision

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def git(folder: Path, *words: str) -> str:
    """What git says, with nothing of this machine's settings."""
    env = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "GIT_CONFIG_NOSYSTEM": "1"}
    names = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *names, *words], cwd=folder, env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git, which the base image may lack")
def test_it_is_what_git_says_on_a_branch_between_branches_packed_and_in_a_second_tree(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    (home / "deep" / "er").mkdir(parents=True)
    git(home, "init", "-q")
    assert revision(home) is None, "no commit yet"
    git(home, "commit", "-q", "--allow-empty", "-m", "one")
    first = git(home, "rev-parse", "HEAD")
    assert revision(home / "deep" / "er") == {"commit": first, "branch": "main"}
    git(home, "checkout", "-q", "-b", "new/idea")
    git(home, "commit", "-q", "--allow-empty", "-m", "two")
    git(home, "pack-refs", "--all")
    second = git(home, "rev-parse", "HEAD")
    assert first != second
    assert revision(home) == {"commit": second, "branch": "new/idea"}
    git(home, "worktree", "add", "-q", str(tmp_path / "second"), "main")
    assert revision(tmp_path / "second") == {"commit": first, "branch": "main"}
    git(home, "checkout", "-q", "--detach", "HEAD~1")
    assert revision(home) == {"commit": first, "branch": None}


def laid(folder: Path, head: str, **files: str) -> Path:
    """A folder with a .git of these files."""
    for name, text in {"HEAD": head, **files}.items():
        target = folder / ".git" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return folder


def test_a_name_and_its_commit_are_read_as_they_are_laid_down(tmp_path: Path) -> None:
    place = laid(tmp_path, "ref: refs/heads/main\n", **{"refs/heads/main": COMMIT + "\n"})
    assert revision(place) == {"commit": COMMIT, "branch": "main"}


@pytest.mark.parametrize(
    "head",
    [
        "ref: ../../secret", "ref: refs/../../secret", "ref: /etc/hostname", "ref: refs/heads/..",
        "ref: refs//main", "secret", "", "ref: ", COMMIT[:-1], COMMIT.upper(), "ref: refs/heads/none",
    ],
)  # fmt: skip
def test_what_is_no_commit_and_no_name_of_one_is_nothing(tmp_path: Path, head: str) -> None:
    (tmp_path / "secret").write_text(COMMIT)
    assert revision(laid(tmp_path / "a" / "b", head)) is None


def test_only_what_looks_like_a_commit_comes_out_of_a_folder_that_is_pointed_to(
    tmp_path: Path,
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "HEAD").write_text("the password")
    (tmp_path / "work").mkdir()
    for text in (
        f"gitdir: {tmp_path / 'etc'}\n",
        "gitdir: ../etc",
        "gitdir: /nowhere",
        "gitdir: ",
        "?",
    ):
        (tmp_path / "work" / ".git").write_text(text)
        assert revision(tmp_path / "work") is None


def test_pipes_folders_and_bytes_that_are_no_text_are_not_waited_for(tmp_path: Path) -> None:
    place = laid(tmp_path, "ref: refs/heads/main")
    (place / ".git" / "refs" / "heads").mkdir(parents=True)
    os.mkfifo(place / ".git" / "refs" / "heads" / "main")
    assert revision(place) is None
    (place / ".git" / "HEAD").write_bytes(b"\xff\xfe")
    assert revision(place) is None
    (place / ".git" / "HEAD").unlink()
    (place / ".git" / "HEAD").mkdir()
    assert revision(place) is None
