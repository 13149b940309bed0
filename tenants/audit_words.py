"""Acts of the audit trail in words: "placements.create" is "Placement created"."""

# By the part before the point; what stands for the same thing has the same words.
NOUNS = {
    "alert_channel": "alert channel", "alert_rule": "alert rule", "anomaly": "incident", "api_keys": "API key",
    "audience": "audience", "batch": "batch job", "connection": "shop connection", "deliveries": "delivery",
    "demo": "demo", "endpoints": "webhook address", "error": "error", "expected": "expected time",
    "experiment": "experiment", "export": "export", "feed": "feed", "finding": "finding", "import": "import",
    "isolation": "isolated model", "members": "member", "merchandising": "settings of lists",
    "outgoing": "outgoing webhook", "placements": "placement", "plans": "plan",
    "platform_incident": "platform incident", "privacy": "personal data", "profile": "shop settings",
    "release": "release", "rules": "rule",
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
    "retrain": "retrained", "revoke": "revoked", "rotate": "rotated", "shop_paused": "held for the shop",
    "shop_resumed": "let go on for the shop", "suspend": "suspended", "throttle": "throttled", "unmute": "unmuted",
    "update": "changed", "withdraw": "invitation withdrawn",
}  # fmt: skip


def said(action: str) -> str:
    area, _, act = action.partition(".")
    words = f"{NOUNS.get(area, area.replace('_', ' '))} {VERBS.get(act, act.replace('_', ' '))}".strip()
    return words[:1].upper() + words[1:]


def areas() -> list[tuple[str, str]]:
    """(beginning of the act, noun) of everything that the trail can be narrowed to, by the noun."""
    shown = {area: noun for area, noun in NOUNS.items() if area != "demo"}
    shown |= {"signup": "opened shops", "standing": "shops: plan, suspension"}
    return sorted(((f"{area}.", noun[:1].upper() + noun[1:]) for area, noun in shown.items()), key=lambda one: one[1])
