"""The Dockerfile, and the Kubernetes example, name only what is here: files, the extra, the command, its
flags, the routes of health, the volumes.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib

import click

from striate.cli.serve import command
from tests.conftest import ROOT

TEXT = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
POD = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/serving.md").read_text(), re.DOTALL)[0]
STEPS = [line.partition(" ")[::2] for line in TEXT.splitlines() if line and line[0] != "#"]


def of(word: str) -> list[str]:
    """What stands behind each such word."""
    return [rest.strip() for kind, rest in STEPS if kind == word]


def test_every_file_that_is_copied_is_here_and_not_left_out() -> None:
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    assert rules[0] == "*"  # everything is left out, but what follows
    copied = [one for rest in of("COPY") if "--from" not in rest for one in rest.split()[:-1]]
    assert {"pyproject.toml", "src"} <= set(copied)
    for name in copied:
        assert (ROOT / name).exists(), name
        assert f"!{name}" in rules, name


def test_what_is_installed_is_the_base_with_an_extra_that_there_is() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (install,) = [one for one in of("RUN") if one.startswith("pip install")]
    (extra,) = re.findall(r'"\.\[(\w+)\]"', install)
    assert extra in told["optional-dependencies"]
    (pins,) = re.findall(r"-c (\S+)", install)
    pinned = {line.partition("==")[0].lower() for line in (ROOT / pins).read_text().splitlines()}
    wanted = [*told["dependencies"], *told["optional-dependencies"][extra]]
    assert {re.split(r"\W", one)[0].lower() for one in wanted} <= pinned
    needed = tuple(map(int, re.findall(r"\d+", told["requires-python"])))
    for image in of("FROM"):
        assert tuple(map(int, re.findall(r"python:(\d+)\.(\d+)", image)[0])) >= needed


def test_what_is_started_is_a_command_whose_flags_there_are() -> None:
    (entry,), (flags,) = of("ENTRYPOINT"), of("CMD")
    assert json.loads(entry) == ["striate", "serve"]
    with click.Context(command) as context:
        values, rest, _ = command.make_parser(context).parse_args(json.loads(flags))
    assert rest == []
    (port,) = of("EXPOSE")
    assert str(values["port"]) == port


def test_the_health_of_the_container_is_asked_at_a_route_that_there_is() -> None:
    (health,) = of("HEALTHCHECK")
    program = json.loads(health.partition("CMD ")[2])
    assert program[:2] == ["python", "-c"]
    ast.parse(program[2])
    (path,) = re.findall(r"http://127\.0\.0\.1:8000(/[\w/]+)", program[2])
    assert path in (ROOT / "src/striate/shipping/serving/routes.py").read_text()


def test_the_pod_mounts_every_path_that_it_names() -> None:
    volumes = set(re.findall(r"^  - { name: (\w+), ", POD, re.MULTILINE))
    mounted = dict(re.findall(r"^      - { name: (\w+), mountPath: ([/\w]+)", POD, re.MULTILINE))
    assert set(mounted) == volumes
    (args,) = re.findall(r"args: (\[.*\])", POD)
    model = json.loads(args)[0]
    assert any(model.startswith(f"{path}/") for path in mounted.values()), model
    if "readOnlyRootFilesystem: true" in POD:
        assert "/tmp" in mounted.values()


def test_the_pod_starts_a_command_whose_flags_there_are_and_asks_routes_that_there_are() -> None:
    (args,) = re.findall(r"args: (\[.*\])", POD)
    with click.Context(command) as context:
        values, rest, _ = command.make_parser(context).parse_args(json.loads(args))
    assert rest == []
    assert values["host"] == "0.0.0.0"
    (uid,) = re.findall(r"runAsUser: (\d+)", POD)
    assert of("USER") == [uid]
    asked = re.findall(r"httpGet: { path: ([\w/]+), port: (\d+)", POD)
    assert len(asked) == 3
    routes = (ROOT / "src/striate/shipping/serving/routes.py").read_text()
    for path, port in asked:
        assert f'"{path}"' in routes
        assert of("EXPOSE") == [port]
