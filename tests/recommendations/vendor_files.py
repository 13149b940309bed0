"""Files as shop systems really export them, made for tests: the vendors' column sets, a few rows each."""

import csv
import io
from typing import Any

SHOPIFY_PRODUCTS = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,"
    "Option2 Name,Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,"
    "Variant Inventory Qty,Variant Inventory Policy,Variant Fulfillment Service,Variant Price,"
    "Variant Compare At Price,Variant Requires Shipping,Variant Taxable,Variant Barcode,Image Src,Image Position,"
    "Image Alt Text,Gift Card,SEO Title,SEO Description,Variant Image,Variant Weight Unit,Variant Tax Code,"
    "Cost per item,Status"
).split(",")
SHOPIFY_ORDERS = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing City,Billing Zip,Billing Country,Notes,"
    "Cancelled at,Payment Method,Refunded Amount,Vendor,Id,Tags,Source"
).split(",")
SHOPIFY_CUSTOMERS = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address City,Default Address Province Code,Default Address Country Code,Default Address Zip,"
    "Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags"
).split(",")
WOO_PRODUCTS = (
    "ID,Type,SKU,Name,Published,Is featured?,Visibility in catalog,Short description,Description,"
    "Date sale price starts,Date sale price ends,Tax status,Tax class,In stock?,Stock,Low stock amount,"
    "Backorders allowed?,Sold individually?,Weight (kg),Length (cm),Width (cm),Height (cm),Allow customer reviews?,"
    "Purchase note,Sale price,Regular price,Categories,Tags,Shipping class,Images,Download limit,"
    "Download expiry days,Parent,Grouped products,Upsells,Cross-sells,External URL,Button text,Position"
).split(",")
WOO_ORDERS = (
    "order_id,order_number,date,status,shipping_total,tax_total,discount_total,order_total,order_currency,"
    "payment_method,customer_id,billing_first_name,billing_email,billing_country,item_id,item_product_id,item_name,"
    "item_sku,item_quantity,item_subtotal,item_total"
).split(",")


def table(columns: list[str], *rows: dict[str, Any], delimiter: str = ",") -> bytes:
    """CSV with these columns; what a row does not name is empty, as in an export."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, columns, delimiter=delimiter, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue().encode()


def shopify_products() -> bytes:
    base = {"Handle": "tee", "Published": "TRUE", "Status": "active"}
    return table(
        SHOPIFY_PRODUCTS,
        base | {"Title": "Linen tee", "Body (HTML)": "<p>Soft<script>x()</script></p>", "Vendor": "Nord",
                "Type": "Shirts", "Tags": "linen, summer", "Option1 Name": "Size", "Option1 Value": "S",
                "Variant SKU": "TEE-S", "Variant Inventory Qty": "4", "Variant Price": "29.00",
                "Image Src": "https://cdn.example/tee.jpg"},
        {"Handle": "tee", "Option1 Value": "M", "Variant SKU": "TEE-M", "Variant Inventory Qty": "-1",
         "Variant Price": "29.00"},
        {"Handle": "tee", "Image Src": "https://cdn.example/tee-back.jpg", "Image Position": "2"},
        {"Handle": "mug", "Title": "Mug", "Option1 Value": "Default Title", "Variant Price": "9.50",
         "Published": "FALSE", "Status": "draft"},
    )  # fmt: skip


def shopify_orders() -> bytes:
    return table(
        SHOPIFY_ORDERS,
        {"Name": "#1001", "Email": "Ann@Example.com", "Financial Status": "paid", "Currency": "EUR", "Total": "63.00",
         "Created at": "2026-03-05 10:11:12 +0100", "Lineitem quantity": "2", "Lineitem name": "Linen tee - S",
         "Lineitem price": "29.00", "Lineitem sku": "TEE-S", "Id": "5566778899001"},
        {"Name": "#1001", "Email": "Ann@Example.com", "Created at": "2026-03-05 10:11:12 +0100",
         "Lineitem quantity": "1", "Lineitem name": "Mug", "Lineitem price": "5.00", "Lineitem sku": "MUG"},
        {"Name": "#1002", "Email": "bob@example.com", "Financial Status": "partially_refunded", "Currency": "EUR",
         "Total": "9.50", "Created at": "2026-03-06 08:00:00 +0100", "Lineitem quantity": "1",
         "Lineitem name": "Mug", "Lineitem price": "9.50", "Lineitem sku": "MUG"},
        {"Name": "#1003", "Email": "bob@example.com", "Financial Status": "voided", "Currency": "EUR",
         "Created at": "2026-03-07 08:00:00 +0100", "Cancelled at": "2026-03-07 09:00:00 +0100",
         "Lineitem quantity": "1", "Lineitem price": "9.50", "Lineitem sku": "MUG"},
    )  # fmt: skip


def shopify_customers() -> bytes:
    return table(
        SHOPIFY_CUSTOMERS,
        {"Customer ID": "'7012345678901", "First Name": "Ann", "Last Name": "Lee", "Email": "ann@example.com",
         "Default Address Country Code": "DE", "Total Spent": "63.00", "Total Orders": "1", "Note": "=HYPERLINK(1)"},
        {"Customer ID": "'7012345678902", "First Name": "Bob", "Email": "bob@example.com",
         "Default Address Country Code": "FR", "Total Spent": "0.00", "Total Orders": "0"},
    )  # fmt: skip


def woo_products() -> bytes:
    return table(
        WOO_PRODUCTS,
        {"ID": "44", "Type": "variable", "SKU": "woo-hoodie", "Name": "Hoodie", "Published": "1", "In stock?": "1",
         "Categories": "Clothing > Hoodies, Sale", "Tags": "warm, cotton",
         "Images": "https://w.example/a.jpg, https://w.example/b.jpg"},
        {"ID": "45", "Type": "variation", "Name": "Hoodie - Red", "Published": "1", "In stock?": "1", "Stock": "3",
         "Regular price": "45", "Sale price": "42", "Parent": "id:44"},
        {"ID": "46", "Type": "variation", "Name": "Hoodie - Blue", "Published": "1", "In stock?": "1", "Stock": "2",
         "Regular price": "45", "Parent": "id:44"},
        {"ID": "50", "Type": "simple", "SKU": "cap", "Name": "Cap", "Published": "0", "In stock?": "0",
         "Regular price": "16", "Sale price": "0", "Categories": "Accessories"},
    )  # fmt: skip


def woo_orders() -> bytes:
    return table(
        WOO_ORDERS,
        {"order_id": "900", "order_number": "900", "date": "2026-04-01 12:00:00", "status": "processing",
         "order_total": "103.00", "order_currency": "EUR", "customer_id": "0", "billing_email": "eve@example.com",
         "item_product_id": "44", "item_quantity": "2", "item_total": "84.00"},
        {"order_id": "900", "order_number": "900", "date": "2026-04-01 12:00:00", "status": "processing",
         "order_total": "103.00", "order_currency": "EUR", "customer_id": "0", "billing_email": "eve@example.com",
         "item_product_id": "50", "item_quantity": "1", "item_total": "16.00"},
        {"order_id": "901", "order_number": "901", "date": "2026-04-02 12:00:00", "status": "on-hold",
         "order_total": "16.00", "order_currency": "EUR", "customer_id": "12", "item_product_id": "50",
         "item_quantity": "1", "item_total": "16.00"},
    )  # fmt: skip


GOOGLE = """<?xml version="1.0"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel><title>Shop</title><link>https://s.example</link>
<item><g:id>A1</g:id><title>Lamp</title><description>Bright</description><link>https://s.example/a1</link>
<g:image_link>https://s.example/a1.jpg</g:image_link><g:price>1,299.00 EUR</g:price>
<g:sale_price>999.00 EUR</g:sale_price><g:availability>in_stock</g:availability><g:brand>Lux</g:brand>
<g:product_type>Home &gt; Lamps</g:product_type></item>
<item><g:id>A2</g:id><g:title>Shade</g:title><g:link>https://s.example/a2</g:link><g:price>12,50 EUR</g:price>
<g:availability>out of stock</g:availability><g:item_group_id>shades</g:item_group_id></item>
</channel></rss>"""
