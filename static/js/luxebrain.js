/* LuxeBrain for shop pages: shelves, and what shoppers do with them (docs/storefront.md).
   <script src="https://…/static/js/luxebrain.js" data-key="lb_live_pk_…" defer></script>
   <section data-luxebrain="similar" data-product="85123A" data-limit="8" data-placement="product" hidden></section> */
(() => {
  "use strict";
  const script = document.currentScript;
  const early = window.LuxeBrain;
  if (!script || !script.dataset.key || (early && early.track)) return;
  const { key, customer: known } = script.dataset;
  const api = (script.dataset.api || new URL(script.src).origin).replace(/\/+$/, "") + "/api/v1/";
  const WAIT = 1500, PAUSE = 800, DAY = 864e5, BATCH = 50, TRIES = 6;
  const name = (what) => `lb_${what}_${key.slice(-8)}`;
  const memory = {};
  let customer = known || null, ready = false, draw, timer, tries = 0, sending;

  // Nothing may break the page.
  const safely = (work) => (...given) => {
    try { return work(...given); } catch { /* silence */ }
  };

  const load = (what) => {
    try { return localStorage.getItem(name(what)); } catch { return memory[what] || null; }
  };
  const keep = (what, value) => {
    memory[what] = value;
    try { localStorage.setItem(name(what), value); } catch { /* forbidden: this page only */ }
  };

  const random = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => (byte + 256).toString(16).slice(1)).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };

  const session = () => {
    const cookie = document.cookie.match(new RegExp(`(?:^|; )${name("session")}=([\\w-]+)`));
    const found = load("session") || (cookie && cookie[1]) || random();
    if (found !== memory.session) {
      keep("session", found);
      document.cookie = `${name("session")}=${found}; path=/; max-age=15552000; samesite=lax`;
    }
    return found;
  };

  // --- Events: kept until the server has answered, so that a page that goes loses none
  const waiting = () => {
    try {
      const all = JSON.parse(load("events")) || [];
      return all.filter((event) => Date.now() - Date.parse(event.occurred_at) < DAY);
    } catch { return []; }
  };
  const drop = (ids) => keep("events", JSON.stringify(waiting().filter((event) => !ids.has(event.id))));
  const later = (delay) => {
    clearTimeout(timer);
    timer = setTimeout(() => flush(), delay);
  };
  const post = (path, body, options) =>
    fetch(api + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
      credentials: "omit",
      ...options,
    });

  const flush = safely(async (leaving) => {
    const events = waiting().slice(0, BATCH);
    if (!events.length || (sending && !leaving)) return;
    sending = true;
    let again = true;
    try {
      const answer = await post("events", { events }, { keepalive: true });
      // Only these may get better.
      again = answer.status === 429 || answer.status >= 500;
      await answer.text(); // frees the line
    } catch { /* no network */ }
    sending = false;
    tries = again ? tries + 1 : 0;
    if (!again) drop(new Set(events.map((event) => event.id)));
    if (tries < TRIES && waiting().length) later(again ? 1000 * 2 ** tries : 0);
  });

  const track = safely((type, data) => {
    const event = { id: random(), type, session_id: session(), occurred_at: new Date().toISOString(), ...data };
    if (customer) event.customer_id = customer;
    keep("events", JSON.stringify([...waiting().slice(-199), event]));
    if (type === "click" || type === "purchase") flush(true);
    else later(PAUSE);
  });

  // --- Shelves
  const address = (item, shelf) => {
    const pattern = shelf.dataset.url || script.dataset.url;
    const text = pattern ? pattern.replace("{id}", encodeURIComponent(item.product_id)) : item.url;
    try {
      const url = new URL(text, location.href);
      return text && /^https?:$/.test(url.protocol) ? url.href : "";
    } catch { return ""; }
  };
  const price = ({ price: amount, currency }) => {
    if (amount == null) return "";
    try {
      return Number(amount).toLocaleString(document.documentElement.lang || [], { style: "currency", currency });
    } catch { return `${amount} ${currency || ""}`; }
  };
  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    made.className = className;
    if (text) made.textContent = text; // never as markup
    return made;
  };
  const card = (item) => {
    const link = element("a", "lb-item");
    if (item.href) link.href = item.href;
    if (/^https?:/.test(item.image_url || "")) {
      const image = element("img", "lb-image");
      Object.assign(image, { loading: "lazy", alt: "", src: item.image_url });
      link.append(image);
    }
    link.append(element("span", "lb-title", item.title || item.product_id), element("span", "lb-price", item.price_text));
    return link;
  };

  const watch = (cards, about) => {
    const seen = new Set();
    const tell = () => {
      if (seen.size) track("impression", { ...about, items: [...seen] });
      seen.clear();
    };
    let pause = 0;
    const observer = new IntersectionObserver(
      (entries) => {
        entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
          observer.unobserve(entry.target);
          seen.add(cards.get(entry.target));
        });
        clearTimeout(pause);
        pause = setTimeout(safely(tell), 200);
      },
      { threshold: 0.5 },
    );
    cards.forEach((id, node) => observer.observe(node));
  };

  const show = (shelf, answer) => {
    const place = shelf.querySelector("[data-luxebrain-items]") || shelf;
    const about = { recommendation_id: answer.recommendation_id };
    if (shelf.dataset.placement) about.placement = shelf.dataset.placement;
    const cards = new Map();
    answer.items.forEach((found) => {
      const item = { ...found, href: address(found, shelf), price_text: price(found) };
      const node = (draw && safely(draw)(item, shelf)) || card(item);
      node.addEventListener("click", () => track("click", { ...about, product_id: item.product_id }));
      cards.set(node, item.product_id);
    });
    place.replaceChildren(...cards.keys());
    shelf.hidden = !cards.size;
    watch(cards, about);
  };

  const fill = async (shelf) => {
    const { luxebrain: type, product, placement, exclude, limit } = shelf.dataset;
    const question = { type, session_id: session(), limit: Number(limit) || 8, details: true };
    if (customer) question.customer_id = customer;
    if (product) question.product_id = product;
    if (placement) question.placement = placement;
    if (exclude) question.exclude = exclude.split(",").filter(Boolean);
    const turn = (shelf.lbTurn = {});
    const stop = new AbortController();
    const clock = setTimeout(() => stop.abort(), WAIT);
    try {
      const answer = await post("recommendations", question, { signal: stop.signal });
      if (!answer.ok) throw answer;
      const found = await answer.json();
      if (turn === shelf.lbTurn) show(shelf, found);
    } catch {
      if (turn === shelf.lbTurn) shelf.hidden = true;
    } finally {
      clearTimeout(clock);
    }
  };

  const render = safely((root) => (root || document).querySelectorAll("[data-luxebrain]").forEach(fill));
  const identify = safely((id) => {
    const given = id == null || id === "" ? null : String(id);
    if (given === customer) return;
    customer = given;
    if (ready) render();
  });
  const template = safely((callback) => {
    draw = callback;
    if (ready) render();
  });

  const calls = { identify, track, template, render, push: safely(([verb, ...given]) => calls[verb](...given)) };
  window.LuxeBrain = calls;
  if (Array.isArray(early)) early.forEach(calls.push);
  ready = true;
  render();
  if (waiting().length) later(PAUSE);
  addEventListener("pagehide", () => flush(true));
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && flush(true));
})();
