"""The schema that editors use is the policy's own, and says of a file what load.py says."""

from __future__ import annotations

import pytest
import yaml
from repo.json_schema import problems
from repo.policy_schema import FILE, ROOT, schema, text

from shared.errors import Misconfigured
from shared.policy.fields import FIELDS
from shared.policy.load import load

MODELINE = "# yaml-language-server: $schema=policy.schema.json"
_MINIMAL = """
version: 1
organisation: {name: Voorbeeld, mail_domain: voorbeeld.example}
"""


def test_schema_file_is_the_policys_own() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "run: python tests/repo/policy_schema.py"


def test_policy_file_names_its_schema_first() -> None:
    assert (ROOT / "policy.yaml").read_text(encoding="utf-8").splitlines()[0] == MODELINE


def test_condition_knows_every_field() -> None:
    known = set(schema()["$defs"]["Condition"]["properties"])

    assert known == FIELDS | {"any", "all", "not"}


def test_example_policy_fits_the_schema() -> None:
    policy = yaml.safe_load((ROOT / "policy.yaml").read_text(encoding="utf-8"))

    assert problems(policy, schema()) == []


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ("lifecyle: {prepare_days: 7}", "policy.lifecyle: unknown key"),
        ("lifecycle: {prepare_days: 181}", "policy.lifecycle.prepare_days: above 180"),
        ("lifecycle: {prepare_days: -1}", "policy.lifecycle.prepare_days: below 0"),
        ("guard: {shrink: 0}", "policy.guard.shrink: not above 0"),
        ("names: {user_name: []}", "policy.names.user_name: fewer than 1"),
        ("entra: {groups: [{when: {}}]}", "policy.entra.groups.0: no 'group'"),
        ("entra: {groups: [{group: ''}]}", "policy.entra.groups.0.group: shorter than 1"),
        (
            "entra: {groups: [{group: A, when: {department.cod: B}}]}",
            "policy.entra.groups.0.when.department.cod: unknown key",
        ),
        (
            "entra: {groups: [{group: A, when: {any: []}}]}",
            "policy.entra.groups.0.when.any: fewer than 1",
        ),
        (
            "entra: {groups: [{group: A, when: {job.code: [1.5]}}]}",
            "policy.entra.groups.0.when.job.code: fits none of the forms",
        ),
    ],
)
def test_mistake_is_refused_by_schema_and_load_alike(mistake: str, told: str) -> None:
    policy = _MINIMAL + mistake

    with pytest.raises(Misconfigured):
        load(policy)
    assert problems(yaml.safe_load(policy), schema()) == [told]
