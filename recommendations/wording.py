"""Why a product is listed, in words for shoppers, in the shop's language."""

from __future__ import annotations

# By language, then by reason; {title} is the product that speaks for it.
_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "viewed": "Because you viewed {title}",
        "carted": "Because you put {title} into the cart",
        "bought": "Because you bought {title}",
        "taste": "Chosen for your taste",
        "content": "Similar to what you chose before",
        "with": "Often bought together with {title}",
        "together": "Often bought together",
        "alike": "Similar to {title}",
        "same_buyers": "Bought by the same customers",
        "look": "Completes the look with {title}",
        "trending": "In demand right now",
        "popularity": "Popular in this shop",
        "newest": "New in this shop",
        "viewed_lately": "You looked at this lately",
        "pending_cart": "Still in your cart",
        "buy_again": "You bought this before",
        "rule": "Selected by the shop",
    },
    "de": {
        "viewed": "Weil Sie {title} angesehen haben",
        "carted": "Weil {title} in Ihrem Warenkorb liegt",
        "bought": "Weil Sie {title} gekauft haben",
        "taste": "Passend zu Ihrem Geschmack",
        "content": "Ähnlich wie das, was Sie gewählt haben",
        "with": "Oft zusammen gekauft mit {title}",
        "together": "Oft zusammen gekauft",
        "alike": "Ähnlich wie {title}",
        "same_buyers": "Von denselben Kunden gekauft",
        "look": "Passt zu {title}",
        "trending": "Gerade gefragt",
        "popularity": "Beliebt in diesem Shop",
        "newest": "Neu in diesem Shop",
        "viewed_lately": "Kürzlich angesehen",
        "pending_cart": "Noch in Ihrem Warenkorb",
        "buy_again": "Das haben Sie schon einmal gekauft",
        "rule": "Vom Shop ausgewählt",
    },
    "fr": {
        "viewed": "Parce que vous avez vu {title}",
        "carted": "Parce que {title} est dans votre panier",
        "bought": "Parce que vous avez acheté {title}",
        "taste": "Choisi selon vos goûts",
        "content": "Proche de vos choix précédents",
        "with": "Souvent acheté avec {title}",
        "together": "Souvent achetés ensemble",
        "alike": "Semblable à {title}",
        "same_buyers": "Acheté par les mêmes clients",
        "look": "Complète la tenue avec {title}",
        "trending": "Très demandé en ce moment",
        "popularity": "Populaire dans cette boutique",
        "newest": "Nouveau dans cette boutique",
        "viewed_lately": "Vu récemment",
        "pending_cart": "Toujours dans votre panier",
        "buy_again": "Vous l'avez déjà acheté",
        "rule": "Sélectionné par la boutique",
    },
    "es": {
        "viewed": "Porque ha visto {title}",
        "carted": "Porque {title} está en su carrito",
        "bought": "Porque compró {title}",
        "taste": "Elegido según sus gustos",
        "content": "Parecido a lo que eligió antes",
        "with": "Se compra a menudo con {title}",
        "together": "Se compran a menudo juntos",
        "alike": "Parecido a {title}",
        "same_buyers": "Comprado por los mismos clientes",
        "look": "Completa el conjunto con {title}",
        "trending": "Muy solicitado ahora",
        "popularity": "Popular en esta tienda",
        "newest": "Nuevo en esta tienda",
        "viewed_lately": "Visto recientemente",
        "pending_cart": "Todavía en su carrito",
        "buy_again": "Ya lo compró antes",
        "rule": "Seleccionado por la tienda",
    },
    "it": {
        "viewed": "Perché ha visto {title}",
        "carted": "Perché {title} è nel suo carrello",
        "bought": "Perché ha acquistato {title}",
        "taste": "Scelto secondo i suoi gusti",
        "content": "Simile a ciò che ha scelto",
        "with": "Spesso acquistato con {title}",
        "together": "Spesso acquistati insieme",
        "alike": "Simile a {title}",
        "same_buyers": "Acquistato dagli stessi clienti",
        "look": "Completa il look con {title}",
        "trending": "Molto richiesto ora",
        "popularity": "Popolare in questo negozio",
        "newest": "Nuovo in questo negozio",
        "viewed_lately": "Visto di recente",
        "pending_cart": "Ancora nel suo carrello",
        "buy_again": "L'ha già acquistato",
        "rule": "Scelto dal negozio",
    },
    "nl": {
        "viewed": "Omdat u {title} hebt bekeken",
        "carted": "Omdat {title} in uw winkelwagen ligt",
        "bought": "Omdat u {title} hebt gekocht",
        "taste": "Passend bij uw smaak",
        "content": "Lijkt op wat u eerder koos",
        "with": "Vaak samen gekocht met {title}",
        "together": "Vaak samen gekocht",
        "alike": "Lijkt op {title}",
        "same_buyers": "Gekocht door dezelfde klanten",
        "look": "Maakt de look met {title} compleet",
        "trending": "Nu veel gevraagd",
        "popularity": "Populair in deze winkel",
        "newest": "Nieuw in deze winkel",
        "viewed_lately": "Onlangs bekeken",
        "pending_cart": "Nog in uw winkelwagen",
        "buy_again": "Dit hebt u eerder gekocht",
        "rule": "Gekozen door de winkel",
    },
}
# What an act of the history is called in a reason.
ACTS = {"view": "viewed", "click": "viewed", "cart": "carted", "purchase": "bought"}
_OF_SOURCE = {
    "trending": "trending", "popularity": "popularity", "newest": "newest", "viewed": "viewed_lately",
    "pending_cart": "pending_cart", "buy_again": "buy_again", "rule": "rule",
}
_LONGEST_TITLE = 80


class Speaker:
    """The reasons of one list, in one language."""

    def __init__(self, language: str, kind: str) -> None:
        self.words, self.kind = _WORDS.get(language, _WORDS["en"]), kind

    def known(self, act: str) -> str:
        """For a product that the shopper knows already, by what was done with it."""
        return self.words["buy_again" if act == "purchase" else "viewed_lately"]

    def because(self, act: str, title: str) -> str:
        """For a product that another one of the history speaks for, by what was done with that."""
        return self.words[ACTS.get(act, "bought")].format(title=_short(title))

    def beside(self, source: str, about: str) -> str:
        """By the source; `about` is the title of the one product that the list goes with, if it is one."""
        words = self.words
        if source in _OF_SOURCE:
            return words[_OF_SOURCE[source]]
        if self.kind == "look":
            return words["look"].format(title=_short(about)) if about else words["together"]
        if self.kind in ("similar", "bought_together"):
            if source == "bought_together":
                return words["with"].format(title=_short(about)) if about else words["together"]
            if source == "content":
                return words["alike"].format(title=_short(about)) if about else words["content"]
            return words["same_buyers"]
        return words["content" if source == "content" else "taste"]


def _short(title: str) -> str:
    return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1].rstrip()}…"
