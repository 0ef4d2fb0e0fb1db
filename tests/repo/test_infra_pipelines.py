"""Do azure.yaml and the workflows fit what they deploy, and trust nobody too much?"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from repo.checkout import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
READ_ONLY = {"contents": "read"}
WITH_TOKEN = {"contents": "read", "id-token": "write"}


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.name)
def workflow(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_azd_finds_template_service_and_app() -> None:
    azure = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))
    service = azure["services"]["instroom"]
    app = (ROOT / "infra" / "app.bicep").read_text(encoding="utf-8")

    assert re.fullmatch(r"[a-z0-9-]+", azure["name"])
    assert (ROOT / azure["infra"]["path"] / f"{azure['infra']['module']}.bicep").is_file()
    assert (service["language"], service["host"]) == ("python", "function")
    assert (ROOT / service["project"] / "host.json").is_file()
    assert "'azd-service-name': 'instroom'" in app


def test_actions_are_pinned_to_what_was_read(workflow: Path) -> None:
    """A tag can be moved to other code; a hash cannot."""
    used = re.findall(r"uses: (.+)", workflow.read_text(encoding="utf-8"))

    assert [one for one in used if not one.startswith("./") and not PINNED.fullmatch(one)] == []


def test_workflows_of_ours_that_are_called_exist(workflow: Path) -> None:
    called = re.findall(r"uses: \./(\S+)", workflow.read_text(encoding="utf-8"))

    assert [name for name in called if not (ROOT / name).is_file()] == []


def test_workflows_fit_githubs_published_schema() -> None:
    check = ("-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows")
    done = subprocess.run(  # noqa: S603 - our own files
        [sys.executable, *check, *map(str, WORKFLOWS)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout


def test_workflow_has_the_least_rights(workflow: Path) -> None:
    """Only who speaks to Azure asks for a token, and nobody writes to the repository."""
    read = _read(workflow)
    rights = [read["permissions"], *(j["permissions"] for j in _jobs(read) if "permissions" in j)]

    assert [one for one in rights if one not in (READ_ONLY, WITH_TOKEN)] == []
    assert (WITH_TOKEN in rights) == (workflow.name != "check.yml")


def test_no_secret_is_kept_at_github(workflow: Path) -> None:
    assert "secrets." not in workflow.read_text(encoding="utf-8")


def test_shell_gets_no_text_from_outside(workflow: Path) -> None:
    """An expression in a script would be run, whatever it holds: values go through `env`."""
    assert [step["run"] for step in _steps(workflow) if "${{" in step.get("run", "")] == []


def test_production_comes_after_test_and_test_after_the_check() -> None:
    jobs = _read(ROOT / ".github" / "workflows" / "deploy.yml")["jobs"]

    assert jobs["test"]["needs"] == "check"
    assert jobs["production"]["needs"] == "test"
    for name, environment in (("test", "test"), ("production", "prod")):
        assert jobs[name]["with"] == {"environment": environment}
        assert (ROOT / "infra" / f"{environment}.bicepparam").is_file()


def test_deployment_reads_outputs_that_the_template_has() -> None:
    text = (ROOT / ".github" / "workflows" / "deploy-to.yml").read_text(encoding="utf-8")
    template = (ROOT / "infra" / "main.bicep").read_text(encoding="utf-8")
    asked = re.findall(r"\.(\w+)\.value outputs\.json", text)

    assert len(asked) == 2
    assert set(asked) <= set(re.findall(r"^output (\w+)", template, re.MULTILINE))


def test_deployment_ends_with_the_question_whether_it_works() -> None:
    steps = list(_steps(ROOT / ".github" / "workflows" / "deploy-to.yml"))

    assert "/api/health" in steps[-1]["run"]


def test_check_runs_what_everybody_runs() -> None:
    steps = list(_steps(ROOT / ".github" / "workflows" / "check.yml"))

    assert steps[-1]["run"] == ".ci/run"


def test_one_version_of_the_compiler_everywhere() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)

    assert len(set(re.findall(r"az bicep install --version (\S+)", said))) == 1


def _read(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return read


def _jobs(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from workflow["jobs"].values()


def _steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in _jobs(_read(path)):
        yield from job.get("steps", [])
