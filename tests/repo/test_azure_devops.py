"""Does the pipeline for Azure DevOps do what the workflows do, and trust nobody more?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from repo.checkout import ROOT

FOLDER = ROOT / ".azuredevops"
FILES = sorted(FOLDER.glob("*.yml"))
DEPLOY = ROOT / ".github" / "workflows" / "deploy-to.yml"
TASKS = {"AzureCLI@2", "UsePythonVersion@0"}


def _read(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return read


def _stages() -> dict[str, dict[str, Any]]:
    return {stage["stage"]: stage for stage in _read(FOLDER / "azure-pipelines.yml")["stages"]}


def _dicts(node: object) -> Iterator[dict[str, Any]]:
    """Every mapping in a document."""
    if isinstance(node, dict):
        yield node
    for child in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from _dicts(child)


def _steps() -> Iterator[dict[str, Any]]:
    for path in FILES:
        for node in _dicts(_read(path)):
            yield from node.get("steps", [])


def test_production_comes_after_test_and_test_after_the_check_and_only_of_main() -> None:
    stages = _stages()

    assert list(stages) == ["check", "preview", "test", "production"]
    assert (stages["test"]["dependsOn"], stages["production"]["dependsOn"]) == ("check", "test")
    for name, environment in (("test", "test"), ("production", "prod")):
        assert "refs/heads/main" in stages[name]["condition"]
        assert "succeeded()" in stages[name]["condition"]
        [job] = stages[name]["jobs"]
        assert job == {"template": "deploy-to.yml", "parameters": {"environment": environment}}
        assert (ROOT / "infra" / f"{environment}.bicepparam").is_file()


def test_a_pull_request_only_looks() -> None:
    preview = _stages()["preview"]
    text = (FOLDER / "what-if.yml").read_text(encoding="utf-8")

    assert "'PullRequest'" in preview["condition"]
    assert {job["template"] for job in preview["jobs"]} == {"what-if.yml"}
    assert "what-if" in text
    assert "group create" not in text
    assert re.findall(r"azureSubscription: (.+)", text) == [
        "instroom-${{ parameters.environment }}-preview"
    ]


def test_templates_that_are_used_exist_and_every_environment_asks_for_approval() -> None:
    used = {
        node["template"] for path in FILES for node in _dicts(_read(path)) if "template" in node
    }
    deployments = [n for p in FILES for n in _dicts(_read(p)) if "deployment" in n]

    assert {FOLDER / name for name in used} | {FOLDER / "azure-pipelines.yml"} == set(FILES)
    assert [one["environment"] for one in deployments] == [
        "instroom-${{ parameters.environment }}"
    ], "approvals hang on an environment, and only a deployment job has one"


def test_no_secret_is_kept_and_no_token_is_left_to_scripts() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    checkouts = [step for step in _steps() if "checkout" in step]

    assert not re.search(
        r"secret|password|addSpnToEnvironment|System\.AccessToken",
        text.replace("No secret is stored", ""),
        re.IGNORECASE,
    )
    assert checkouts
    assert all(step["persistCredentials"] is False for step in checkouts)
    assert {step["task"] for step in _steps() if "task" in step} <= TASKS


def test_shell_gets_no_text_from_outside() -> None:
    """An expression in a script would be run, whatever it holds: values go through `env`."""
    scripts = [
        step.get("bash") or step["inputs"].get("inlineScript", "")
        for step in _steps()
        if "bash" in step or "inputs" in step
    ]

    assert len(scripts) == 5
    assert [one for one in scripts if "${{" in one or re.search(r"\$\([a-z]\w+\)", one)] == []


def test_it_does_what_the_workflow_does() -> None:
    """The same commands, the same compiler, the same question at the end."""
    ours = (FOLDER / "deploy-to.yml").read_text(encoding="utf-8")
    theirs = DEPLOY.read_text(encoding="utf-8")
    said = re.search(r"--version (v\S+)", theirs)

    assert said
    assert _read(FOLDER / "azure-pipelines.yml")["variables"]["bicepVersion"] == said[1]
    for words in ("az deployment group create", "config-zip", "--exclude-from=.funcignore"):
        assert words in ours
        assert words in theirs
    assert "/api/health" in list(_steps_of(FOLDER / "deploy-to.yml"))[-1]["bash"]
    assert any(step.get("bash") == ".ci/run" for step in _steps())


def _steps_of(path: Path) -> Iterator[dict[str, Any]]:
    for node in _dicts(_read(path)):
        yield from node.get("steps", [])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_file_says_first_what_it_is_for(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# ")
