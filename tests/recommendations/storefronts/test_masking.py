"""What a kept payload still says, and what it does not (R55)."""

from recommendations.storefronts import masking


def test_it_covers_people_and_secrets_and_keeps_the_rest() -> None:
    """R55: secrets, e-mails and addresses masked; ids, amounts, products and countries stay."""
    order = {
        "id": 7,
        "number": "7",
        "total": "19.90",
        "order_key": "wc_order_abc",
        "customer_id": 5,
        "billing": {
            "first_name": "Ada",
            "country": "DE",
            "email": "ada@example.com",
            "address_1": "Weg 1",
            "company": "",
        },
        "customer": {"id": 5, "name": "Ada L", "default_address": {"zip": "1", "country_code": "DE", "name": "Ada"}},
        "line_items": [{"name": "Tea cup", "product_id": 3, "total": "19.90"}],
        "customer_note": "ring twice",
        "cart_token": "t",
        "note": "write to ada@example.com",
        "tags": "vip, ask ada@example.com",
        "meta_data": [{"id": 1, "key": "_vat", "value": "DE1"}, {"key": "luxebrain_session", "value": "s-1"}],
        "confirmed": True,
        "phone": None,
    }
    masked = masking.mask(order)
    text = str(masked)
    for gone in ("Ada", "example.com", "Weg", "wc_order", "ring", "DE1", "'t'"):
        assert gone not in text, gone
    assert masked["billing"]["country"] == masked["customer"]["default_address"]["country_code"] == "DE"
    assert masked["line_items"] == order["line_items"]
    assert (masked["id"], masked["total"], masked["customer_id"]) == (7, "19.90", 5)
    assert masked["billing"]["company"] == ""
    assert masked["phone"] is None
    assert masked["meta_data"][1] == {"key": "luxebrain_session", "value": "s-1"}
    assert order["billing"]["first_name"] == "Ada", "the caller's own stays as it is"


def test_it_covers_keys_that_stand_in_texts() -> None:
    planted = "lb_live_sk_" + "a" * 40
    assert planted not in str(masking.mask({"title": f"see {planted}", "x": [f"Bearer {planted}"]}))
    assert masking.headers({"user-agent": "x@example.com " + "a" * 500})["user-agent"].startswith(masking.COVER)
