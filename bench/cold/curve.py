"""The curve of new shops as an SVG: what is served, and best sellers, over the number of orders."""

from __future__ import annotations

from typing import Any

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 20, 46
SERVED, POPULAR, INK = "#0f766e", "#b45309", "#475569"


def svg(rows: list[dict[str, Any]]) -> str:
    """One point per size, at equal distances; bars of one standard error of the paired difference."""
    top = max(max(row["served"] + row["error"], row["popular"]) for row in rows) * 1.1
    plot = WIDTH - LEFT - RIGHT

    def x(place: int) -> float:
        return LEFT + plot * place / max(len(rows) - 1, 1)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12">',
        "<title>NDCG@10 of the personal list over the orders of a new shop</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for step in range(5):
        value = top * step / 4
        parts.append(f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}" stroke="#e2e8f0"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end" fill="{INK}">{value:.2f}</text>')
    for place, row in enumerate(rows):
        parts.append(f'<text x="{x(place):.1f}" y="{HEIGHT - 26}" text-anchor="middle" fill="{INK}">'
                     f'{row["orders"]:,}</text>')
        low, high = y(row["served"] - row["error"]), y(row["served"] + row["error"])
        parts.append(f'<path d="M{x(place):.1f} {low:.1f}V{high:.1f}" stroke="{SERVED}" stroke-width="1.5"/>')
    parts.append(f'<text x="{LEFT + plot / 2}" y="{HEIGHT - 8}" text-anchor="middle" fill="{INK}">'
                 "orders known to the shop</text>")
    for name, colour, label in (("served", SERVED, "what is served"), ("popular", POPULAR, "best sellers")):
        line = "L".join(f"{x(place):.1f} {y(row[name]):.1f}" for place, row in enumerate(rows))
        parts.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(place):.1f}" cy="{y(row[name]):.1f}" r="3" fill="{colour}"/>'
                  for place, row in enumerate(rows)]
        parts.append(f'<text x="{x(len(rows) - 1) + 10:.1f}" y="{y(rows[-1][name]) + 4:.1f}" fill="{colour}">'
                     f"{label}</text>")
    return "\n".join([*parts, "</svg>\n"])
