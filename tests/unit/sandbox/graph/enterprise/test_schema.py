"""The rig's properties, held against the SDK that is generated from Graph's own metadata."""

from __future__ import annotations

import inspect
import re

import pytest
from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.application import Application
from msgraph.generated.models.application_template import ApplicationTemplate
from msgraph.generated.models.claims_mapping_policy import ClaimsMappingPolicy
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.generated.models.sts_policy import StsPolicy

from sandbox.graph.enterprise.schema import (
    APPLICATION,
    ASSIGNMENT,
    CLAIMS_POLICY,
    PRINCIPAL,
    TEMPLATE,
)
from sandbox.graph.schema import Schema

INHERITED = {"id", "deletedDateTime", "displayName", "description"}


def declared(*models: type) -> set[str]:
    found = {
        name for model in models for name in re.findall(r"\n    (\w+): ", inspect.getsource(model))
    }
    return {re.sub(r"_(\w)", lambda m: m[1].upper(), name) for name in found}


@pytest.mark.parametrize(
    ("schema", "models"),
    [
        (TEMPLATE, (ApplicationTemplate,)),
        (APPLICATION, (Application,)),
        (PRINCIPAL, (ServicePrincipal,)),
        (ASSIGNMENT, (AppRoleAssignment,)),
        (CLAIMS_POLICY, (ClaimsMappingPolicy, StsPolicy)),
    ],
    ids=lambda value: getattr(value, "resource", None),
)
def test_every_property_is_one_of_graphs(schema: Schema, models: tuple[type, ...]) -> None:
    assert set(schema.properties) - INHERITED <= declared(*models)
