"""The examples of the page on several machines: whole, and read as those who get them read them."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from torch.distributed.run import get_args_parser

from striate.cli.main import group
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
SHUTS_DOWN_S = 30  # torchrun waits so long for its processes


def blocks(kind: str) -> list[str]:
    """What stands in fences of this kind."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return [text for named, text in found if named == kind]


def commands() -> list[list[str]]:
    """The words after every `torchrun` of the page that is a command of its own."""
    text = "\n".join(blocks("") + blocks("bash")).replace("\\\n", " ")
    lines = [line.removeprefix("srun ") for line in text.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("torchrun ")]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The three objects by their kind."""
    (text,) = blocks("yaml")
    return {one["kind"]: one for one in yaml.safe_load_all(text)}


def understood(words: list[str]) -> Any:
    """As torchrun reads them, and `striate train` the rest."""
    plain = ["2" if word == "$SLURM_NNODES" else word for word in words]
    found = get_args_parser().parse_args(plain)
    assert (found.module, found.training_script) == (True, "striate")
    assert found.training_script_args[0] == "train"
    verb: Any = group.get_command(None, "train")  # type: ignore[arg-type]
    given = verb.make_context("train", found.training_script_args[1:])
    assert given.params["path"] is not None, "without -o ranks that start again find no run"
    return found


def test_every_torchrun_of_the_page_is_understood() -> None:
    found = [understood(words) for words in commands()]
    assert len(found) == 4
    for one in found[2:]:  # those of several machines
        assert one.nnodes == "2"
        assert one.rdzv_backend == "c10d"
        assert one.rdzv_endpoint.endswith(":29500")


def test_the_script_for_slurm_is_a_whole_one(tmp_path: Path) -> None:
    (text,) = blocks("bash")
    assert text.startswith("#!/bin/bash\n#SBATCH ")
    (tmp_path / "job").write_text(text)
    done = subprocess.run(["bash", "-n", str(tmp_path / "job")], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    asked = dict(
        re.findall(r"--([a-z-]+)=(\S+)", "".join(re.findall(r"^#SBATCH.*\n", text, re.MULTILINE)))
    )
    (one,) = [understood(words) for words in commands() if "$SLURM_JOB_ID" in words]
    assert asked["ntasks-per-node"] == "1", "torchrun starts the processes of a machine"
    assert one.nproc_per_node == asked["gpus-per-node"]
    assert asked["nodes"] == "2"
    signal, _, before_s = asked["signal"].partition("@")
    assert signal == "TERM"
    assert int(before_s) > SHUTS_DOWN_S


def test_the_job_for_kubernetes_meets_at_its_first_pod(manifest: dict[str, Any]) -> None:
    job, service = manifest["Job"], manifest["Service"]
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    first, *words = container["command"]
    assert first == "torchrun"
    assert all(isinstance(word, str) for word in words)
    one = understood(words)
    assert spec["completionMode"] == "Indexed"
    assert int(one.nnodes) == spec["completions"] == spec["parallelism"]
    assert int(one.nproc_per_node) == container["resources"]["limits"]["nvidia.com/gpu"]
    # Pods of an indexed job are called JOB-INDEX, below the subdomain that a headless service has.
    host, _, port = one.rdzv_endpoint.partition(":")
    assert host == f"{job['metadata']['name']}-0.{pod['subdomain']}"
    assert pod["subdomain"] == service["metadata"]["name"]
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["publishNotReadyAddresses"] is True, "they meet before they are ready"
    assert int(port) == service["spec"]["ports"][0]["port"]


def test_its_parts_are_those_that_it_names_and_it_ends_in_time(manifest: dict[str, Any]) -> None:
    template = manifest["Job"]["spec"]["template"]
    pod, (container,) = template["spec"], template["spec"]["containers"]
    labels = template["metadata"]["labels"]
    assert manifest["Service"]["spec"]["selector"] == labels
    assert manifest["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert pod["restartPolicy"] == "OnFailure"
    assert pod["terminationGracePeriodSeconds"] > SHUTS_DOWN_S
    mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
    assert set(mounts) == {one["name"] for one in pod["volumes"]}
    found = understood(container["command"][1:]).training_script_args
    for path in (found[1], found[found.index("-o") + 1]):
        assert path.startswith(mounts["shared"] + "/"), "all pods see the pictures and the run"
    env = {one["name"]: one["value"] for one in container["env"]}
    assert env["XDG_CACHE_HOME"] == mounts["cache"]
