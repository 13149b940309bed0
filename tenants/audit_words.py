"""The words of the audit trail: "placements.create" is "Placement created", "window_seconds" is "Counted over"."""

# By the part before the point; what stands for the same thing has the same words.
NOUNS = {
    "alert_channel": "alert channel", "alert_rule": "alert rule", "anomaly": "incident", "api_keys": "API key",
    "audience": "audience", "batch": "batch job", "connection": "shop connection", "deliveries": "delivery",
    "demo": "demo", "endpoints": "webhook address", "error": "error", "expected": "expected time",
    "experiment": "experiment", "export": "export", "feed": "feed", "finding": "finding", "import": "import",
    "isolation": "isolated model", "members": "member", "merchandising": "settings of lists",
    "outgoing": "outgoing webhook", "placements": "placement", "plans": "plan",
    "platform_incident": "platform incident", "privacy": "personal data", "profile": "shop settings",
    "release": "release", "rules": "rule", "secrets": "kept secrets",
    "signup": "shop", "staff": "platform staff", "standing": "shop", "training": "training",
    "version": "model version", "work": "work",
}  # fmt: skip
# Where the act's own word is no past tense, or says too little beside its noun.
VERBS = {
    "accept": "joined", "change_alert_channels": "alert channels changed", "change_plan": "plan changed",
    "change_when_used_up": "changed for used-up calls",
    "change_role": "role changed", "close": "closed", "create": "created", "deactivate": "deactivated",
    "extend": "extended", "fetched": "downloaded", "invite": "invited", "issue": "issued",
    "looked_inside": "read by the staff", "mute": "muted",
    "off": "switched off", "on": "switched on", "open": "opened", "reactivate": "reactivated", "release": "released",
    "remove": "removed", "replay": "replayed", "report": "report downloaded", "resume": "resumed",
    "reseal": "sealed with the newest key", "retrain": "retrained", "revoke": "revoked", "rotate": "rotated",
    "shop_paused": "held for the shop",
    "shop_resumed": "let go on for the shop", "suspend": "suspended", "throttle": "throttled", "unmute": "unmuted",
    "update": "changed", "withdraw": "invitation withdrawn",
}  # fmt: skip


def said(action: str) -> str:
    area, _, act = action.partition(".")
    words = f"{NOUNS.get(area, area.replace('_', ' '))} {VERBS.get(act, act.replace('_', ' '))}".strip()
    return words[:1].upper() + words[1:]


# What no shop's trail has, or only the staff sees.
_OF_THE_STAFF = {"alert_rule", "error", "plans", "platform_incident", "secrets", "staff", "work"}


def areas(*, of_shops: bool = False) -> list[tuple[str, str]]:
    """(beginning of the act, noun) of everything that the trail can be narrowed to, by the noun. of_shops: only what
    a shop's own trail has."""
    shown = {area: noun for area, noun in NOUNS.items() if area != "demo"}
    shown |= {"signup": "opened shops", "standing": "shops: plan, suspension"}
    if of_shops:
        shown |= {"signup": "opening of the shop", "standing": "plan, suspension"}
        shown = {area: noun for area, noun in shown.items() if area not in _OF_THE_STAFF}
    return sorted(((f"{area}.", noun[:1].upper() + noun[1:]) for area, noun in shown.items()), key=lambda one: one[1])


# What a kept value is called: by the beginning of the act and its name, or by its name alone. What is listed here
# may be shown; a name that is not and sounds like a secret is not (tenants/audit_values.py).
FIELDS = {
    "action": "What is done by itself", "alert_channels": "Alert channels", "alias": "Pointed at as",
    "api_keys.until": "Throttled until", "as": "Format", "attribution_hours": "Orders count for a list",
    "baseline": "Compared with", "batch.audience": "For whom", "batch.kind": "Kind of list",
    "bought": "Products bought before", "bought_again": "Categories bought again", "bytes": "Size of the file",
    "channels": "Channels told", "code": "Code", "cool_down_minutes": "Not told again for",
    "count": "Products in a list", "currency": "Currency", "digest": "Fingerprint of the files",
    "diversity": "Diversity", "ends_at": "Ends", "every": "Repeated", "expected.from": "Begins",
    "expected.holds": "Nothing is raised meanwhile", "expected.until": "Ends", "export.first": "From",
    "export.last": "Until", "factor": "Scores multiplied by", "fallback": "Filled up with", "feed": "Feed",
    "filter": "Only products", "filename": "File", "format": "Format", "from": "Before", "hold": "Pause",
    "ids": "Customers named", "is_active": "In use", "kind": "Kind", "language": "Language of reasons",
    "metric": "Figure", "min_relevance": "Least relevance", "mode": "Mode", "most_of_brand": "Most of one brand",
    "most_of_category": "Most of one category", "name": "Name", "next_at": "Next time", "note": "Note",
    "novelty": "Best sellers give way", "number": "Experiment", "old_key_ends": "Old key ends",
    "old_secret_ends": "Old secret ends", "origin": "Came from", "owner_id": "Owner", "per_minute": "Calls a minute",
    "placement": "Placement", "placements": "Placements", "plan": "Plan", "plan_id": "For the plan",
    "platform_role": "Platform role", "position": "Place of the first product", "products": "Products",
    "reason": "Reason", "renewed": "Sealed anew", "resources": "What is read", "role": "Role",
    "rotation": "Order varies",
    "rules.action": "What it does", "rules.filter": "Products, as an expression", "run": "Run", "sample_size": "Sample",
    "schedule": "Fetched", "scopes": "Rights", "segment": "For shoppers", "severity": "Severity",
    "share": "Share of shoppers", "share_b": "Share of B", "shares": "Steps", "size": "Customers in it",
    "size_bytes": "Size of the files", "source": "Source", "stage": "Stage", "standing.plan_id": "Plan",
    "starts_at": "Begins", "surface": "Where it is shown", "takes_part": "Takes part in the shared model",
    "tenant_id": "For the shop", "threshold": "Limit", "throttle_minutes": "Throttled for",
    "throttle_per_minute": "Throttled to", "time_zone": "Time zone", "to": "After", "total": "Customers",
    "types": "Kinds of message", "unit": "What is tried", "unreadable": "Cannot be read", "value": "Value",
    "verdict": "Verdict",
    "version.from": "In place of", "website": "Website", "weights": "Weights of the blend",
    "when_used_up": "When the month's calls are used up", "window_seconds": "Counted over", "winner": "Winner",
}  # fmt: skip
# What an act that only says "from" and "to" changed.
SUBJECTS = {
    "experiment.share_changed": "share_b", "members.change_role": "role",
    "plans.change_alert_channels": "alert_channels", "plans.change_when_used_up": "when_used_up",
    "staff.change_role": "platform_role", "standing.change_plan": "plan_id",
}  # fmt: skip
# What nothing means, where it is more than "none".
NOTHING = {
    "alert_channels": "mail only", "channels": "every channel", "ends_at": "no end", "expected.metric": "every figure",
    "filter": "all products", "most_of_brand": "no limit", "most_of_category": "no limit", "plan_id": "every plan",
    "platform_role": "none", "rules.filter": "none", "rules.placements": "all", "experiment.placements": "all lists",
    "segment": "everybody", "severity": "by how strange it is", "starts_at": "at once", "tenant_id": "every shop",
    "weights": "as trained",
}  # fmt: skip
# Kept for the machine, and said elsewhere in the line: the row's number, and who did it.
UNSAID = {"hold", "id", "run", "updated_by_id"}


def field(area: str, name: str) -> str:
    """What a kept value is called; a name without words is made readable."""
    plain = name.removesuffix("_id").removesuffix("_at").replace("_", " ").strip()
    return FIELDS.get(f"{area}.{name}") or FIELDS.get(name) or plain[:1].upper() + plain[1:] or "Value"


def nothing(area: str, name: str) -> str:
    return NOTHING.get(f"{area}.{name}") or NOTHING.get(name) or "none"
