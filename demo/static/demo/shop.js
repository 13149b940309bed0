// The storefront's own script: how a recommended product looks here, and what its pages tell LuxeBrain.
(() => {
  "use strict";
  const lux = (window.LuxeBrain = window.LuxeBrain || []);
  const shapes = [
    ["circle", { cx: 50, cy: 50, r: 34 }],
    ["path", { d: "M0 100 A100 100 0 0 1 100 0 V100 Z" }],
    ["path", { d: "M18 100 V46 A32 32 0 0 1 82 46 V100 Z" }],
    ["path", { d: "M50 10 L90 50 L50 90 L10 50 Z" }],
  ];
  const draw = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
    return node;
  };
  // The same drawing as demo/tile.html.
  const tile = (item) => {
    let number = 7;
    for (const char of item.product_id) number = (number * 31 + char.codePointAt(0)) % 65521;
    const svg = draw("svg", { class: `tile hue-${number % 8}`, viewBox: "0 0 100 100", "aria-hidden": "true" });
    const letter = draw("text", { x: 50, y: 62 });
    letter.textContent = (item.title.match(/\p{L}/u) || ["•"])[0].toUpperCase();
    svg.append(draw("rect", { width: 100, height: 100 }), draw(...shapes[Math.floor(number / 8) % 4]), letter);
    return svg;
  };
  const text = (className, words) => {
    const node = document.createElement("span");
    node.className = className;
    node.textContent = words;
    return node;
  };
  lux.push(["template", (item) => {
    const card = document.createElement("a");
    card.className = "card";
    card.href = item.href;
    card.append(tile(item), text("name", item.title || item.product_id), text("price", item.price_text), text("why", item.reason));
    return card;
  }]);

  const told = (type, data) => window.LuxeBrain.push(["track", type, data]);
  const viewed = document.querySelector("[data-view]");
  if (viewed) told("view", { product_id: viewed.dataset.view });
  document.querySelectorAll("form[data-cart]").forEach((form) =>
    form.addEventListener("submit", () =>
      told("cart", { product_id: form.dataset.cart, quantity: Number(form.elements.add.value) || 1 })));
  document.querySelectorAll("form[data-remove]").forEach((form) =>
    form.addEventListener("submit", () => told("remove", { product_id: form.dataset.remove })));
  const bought = document.querySelector("[data-purchase]");
  if (bought) told("purchase", JSON.parse(bought.dataset.purchase));
})();
