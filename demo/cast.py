"""The demo's shops and people: who they are, what they are called, on which plan."""

from dataclasses import dataclass

SOURCE_PAGE = "https://archive.ics.uci.edu/dataset/352/online+retail"


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop: its name is invented, its rows are those of a country of Online Retail."""

    slug: str
    name: str
    country: str
    plan: str
    time_zone: str
    keep_last: int | None = None  # young shops: so many orders that count
    motto: str = ""

    @property
    def roles(self) -> tuple[str, ...]:
        """One person of each role; the free plan has room for two."""
        return ("owner", "developer") if self.plan == "free" else ("owner", "analyst", "developer")


SHOPS = (
    Shop(
        "maison-albion", "Maison Albion", "United Kingdom", "enterprise", "Europe/London", motto="Gifts for any house"
    ),
    Shop("lindenhof", "Lindenhof", "Germany", "growth", "Europe/Berlin", motto="Small things, well made"),
    Shop("atelier-rivage", "Atelier Rivage", "France", "starter", "Europe/Paris", motto="For the table and the garden"),
    Shop("petit-marche", "Petit Marché", "Belgium", "free", "Europe/Brussels", 9, motto="Just opened"),
    Shop("casa-do-largo", "Casa do Largo", "Portugal", "free", "Europe/Lisbon", 10, motto="New on the square"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in: at a shop in a role, or on the platform."""

    email: str
    name: str
    role: str
    shop: str = ""  # slug; "" = the platform

    @property
    def is_staff(self) -> bool:
        return not self.shop


PEOPLE = (
    Person("operator@luxebrain.example", "Olga Operator", "operator"),
    Person("analyst@luxebrain.example", "Ada Analyst", "analyst"),
    *(
        Person(f"{role}@{shop.slug}.example", f"{role.title()} of {shop.name}", role, shop.slug)
        for shop in SHOPS
        for role in shop.roles
    ),
)


def owner_of(shop: Shop) -> Person:
    return next(person for person in PEOPLE if (person.shop, person.role) == (shop.slug, "owner"))


def operator() -> Person:
    """Who decides for the platform."""
    return next(person for person in PEOPLE if person.is_staff and person.role == "operator")
