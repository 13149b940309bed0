"""Blend weights and rule sets as what an experiment compares: how arms are checked, and how a winner is settled."""

from collections.abc import Mapping
from typing import Any

from luxebrain.lib.problems import Conflict, Problem
from modelregistry import units
from modelregistry.models import Experiment
from recommendations import drafts, placements, rules
from recommendations.models import Placement
from tenants.models import Tenant, User

MOST_RULES = 20  # of one arm


def check_weights(tenant: Tenant, experiment: Experiment) -> units.Reasons:
    """Multipliers by part of the blend, on top of those of the placements; the winner's are written into these."""
    wrong: units.Reasons = {}
    rows = {row.code: row for row in tenant.placements.filter(code__in=experiment.placements)}
    unknown = [code for code in experiment.placements if code not in rows]
    if unknown:
        wrong["placements"] = f"There is no placement {', '.join(unknown)}."
    elif not rows:
        wrong["placements"] = "Name the placements whose weights are tried: the winner's are written into them."
    for arm in ("a", "b"):
        what = getattr(experiment, arm)
        if set(what) - {"weights"} or not isinstance(what.get("weights", {}), Mapping):
            wrong[arm] = "Multipliers by part of the blend, under weights."
            continue
        for row in rows.values() or (Placement(),):
            try:
                drafts.placement(tenant, {"weights": what.get("weights", {})}, of=row)
                drafts.placement(tenant, {"weights": together(row, what)}, of=row)
            except Problem as problem:
                wrong[arm] = " ".join(error["message"] for error in problem.errors) or problem.detail
    same = not wrong and all(together(row, experiment.a) == together(row, experiment.b) for row in rows.values())
    return {"b": "A and B come to the same weights: there is nothing to compare."} if same else wrong


def together(row: Placement, what: Mapping[str, Any]) -> dict[str, float]:
    """The placement's weights times the arm's; parts that are not named count once, as 1 does."""
    own, tried = row.weights or {}, what.get("weights", {})
    product = {name: float(own.get(name, 1)) * float(tried.get(name, 1)) for name in sorted({*own, *tried})}
    return {name: factor for name, factor in product.items() if factor != 1}


def settle_weights(tenant: Tenant, experiment: Experiment, winner: str, by: "User | str | None") -> None:
    """Writes the winner's weights into the placements; one that is gone since is passed over."""
    what = experiment.arm(winner)
    if not what.get("weights"):
        return
    for row in tenant.placements.filter(code__in=experiment.placements):
        placements.update(tenant, row, by=by, weights=together(row, what))


def check_rules(tenant: Tenant, experiment: Experiment) -> units.Reasons:
    """Ids of rules that hold in this arm alone; all other rules hold in both."""
    wrong: units.Reasons = {}
    named: list[list[int]] = []
    for arm in ("a", "b"):
        what = getattr(experiment, arm)
        ids = what.get("rules", [])
        if set(what) - {"rules"} or not isinstance(ids, list) or any(type(one) is not int for one in ids):
            wrong[arm] = "A list of ids of rules, under rules."
        elif len(set(ids)) != len(ids) or len(ids) > MOST_RULES:
            wrong[arm] = f"At most {MOST_RULES} rules, each once."
        elif missing := sorted(set(ids) - set(rules.live(tenant).filter(pk__in=ids).values_list("pk", flat=True))):
            wrong[arm] = f"No rule that is on has the id {', '.join(map(str, missing))}."
        named.append(ids)
    if not wrong and set(named[0]) == set(named[1]):
        wrong["b"] = "A and B are the same: there is nothing to compare."
    return wrong


def settle_rules(tenant: Tenant, experiment: Experiment, winner: str, by: "User | str | None") -> None:
    """Switches the rules off that hold in the other arm alone; the winner's hold for everybody from now on."""
    loser = experiment.arm("B" if winner == "A" else "A")
    kept = set(experiment.arm(winner).get("rules", []))
    gone = [pk for pk in loser.get("rules", []) if pk not in kept]
    for row in tenant.rules.filter(pk__in=gone, is_active=True):
        rules.switch(tenant, row, on=False, by=by)


def rules_are_on(tenant: Tenant, experiment: Experiment) -> None:
    """Raises Conflict where a rule was switched off since the experiment was set up."""
    wrong = check_rules(tenant, experiment)
    if wrong:
        raise Conflict(" ".join(wrong.values()))


units.register(Experiment.Unit.WEIGHTS, units.Kind(check_weights, units.nothing_to_prove, settle_weights))
units.register(Experiment.Unit.RULES, units.Kind(check_rules, rules_are_on, settle_rules))
