"""Claims mapping policies: which claims a token carries, and for which application.

Source: Graph v1.0, "claimsMappingPolicy resource type", "Assign claimsMappingPolicy". Keys of the
definition are case-sensitive; one policy for each service principal.
"""

from __future__ import annotations

import json

from sandbox.graph import bodies, refusals
from sandbox.graph.call import Call
from sandbox.graph.enterprise import found
from sandbox.graph.enterprise.schema import CLAIMS_POLICY
from sandbox.graph.wire import Json, Reply

_OUTER = {"Version", "IncludeBasicClaimSet", "ClaimsSchema", "ClaimsTransformation"}
_CLAIM = {"Source", "ID", "SamlClaimType", "JwtClaimType", "Value", "SamlNameFormat"}


def read_all(call: Call) -> Reply:
    """GET /policies/claimsMappingPolicies."""
    return found.page(call, call.tenant.enterprise.policies, CLAIMS_POLICY, None)


def create(call: Call) -> Reply:
    """POST /policies/claimsMappingPolicies -> 201."""
    tenant, enterprise, body = call.tenant, call.tenant.enterprise, call.request.json()
    enterprise.check_may("policies")
    values = bodies.checked(body, CLAIMS_POLICY, bindings=frozenset({"definition"}))
    if not values.get("displayName"):
        raise refusals.required("displayName", "ClaimsMappingPolicy")
    policy = {
        "isOrganizationDefault": False,
        **values,
        "definition": _checked(body.get("definition")),
        "id": tenant.new_id("policy"),
    }
    enterprise.policies.put(policy["id"], policy)
    context = call.context("policies/claimsMappingPolicies/$entity")
    return Reply(201, context | policy, ids=(policy["id"],))


def update(call: Call) -> Reply:
    """PATCH /policies/claimsMappingPolicies/{id} -> 204."""
    enterprise, body = call.tenant.enterprise, call.request.json()
    enterprise.check_may("policies")
    before = found.to_write(call, enterprise.policies, "policy")
    after = before | bodies.checked(body, CLAIMS_POLICY, bindings=frozenset({"definition"}))
    if "definition" in body:
        after["definition"] = _checked(body["definition"])
    enterprise.policies.put(after["id"], after)
    return Reply(204, ids=(after["id"],), changed=bodies.changed_names(before, after))


def read_of_principal(call: Call) -> Reply:
    """GET /servicePrincipals/{id}/claimsMappingPolicies."""
    enterprise = call.tenant.enterprise
    principal = found.one(call, enterprise.principals, "principal")
    policy = enterprise.policy_of.get(principal["id"], call.as_of)
    return found.page(call, enterprise.policies, CLAIMS_POLICY, [policy] if policy else [])


def assign(call: Call) -> Reply:
    """POST /servicePrincipals/{id}/claimsMappingPolicies/$ref -> 204."""
    enterprise, body = call.tenant.enterprise, call.request.json()
    enterprise.check_may("policies")
    principal = found.to_write(call, enterprise.principals, "principal")
    reference = str(body.get("@odata.id", ""))
    before, _, policy = reference.rpartition("/")
    if body.keys() != {"@odata.id"} or not before.endswith("/policies/claimsMappingPolicies"):
        raise refusals.directory("Invalid URL format specified in payload.")
    if enterprise.policies.get(policy, call.as_of) is None:
        raise refusals.not_found(policy)
    if enterprise.policy_of.get(principal["id"]):
        raise refusals.already_referenced("claimsMappingPolicies")
    enterprise.policy_of.put(principal["id"], policy)
    return Reply(204, ids=(principal["id"], policy))


def unassign(call: Call) -> Reply:
    """DELETE /servicePrincipals/{id}/claimsMappingPolicies/{id}/$ref -> 204."""
    enterprise = call.tenant.enterprise
    enterprise.check_may("policies")
    principal = found.to_write(call, enterprise.principals, "principal")
    if enterprise.policy_of.get(principal["id"]) != call.params["policy"]:
        raise refusals.not_found(call.params["policy"])
    enterprise.policy_of.drop(principal["id"])
    return Reply(204, ids=(principal["id"],))


def _checked(definition: object) -> list[str]:
    if not isinstance(definition, list) or len(definition) != 1:
        raise refusals.invalid_value("definition", "ClaimsMappingPolicy")
    try:
        inner: Json = json.loads(definition[0])["ClaimsMappingPolicy"]
        known = inner.keys() <= _OUTER and inner["Version"] == 1
        claims = inner.get("ClaimsSchema", [])
        known = known and inner.get("IncludeBasicClaimSet", "true") in ("true", "false")
        known = known and all(each.keys() <= _CLAIM for each in claims)
    except (ValueError, KeyError, TypeError, AttributeError):
        known = False
    if not known:
        raise refusals.directory("Property definition has an invalid value.")
    return definition
