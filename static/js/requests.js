// What htmx asks and answers: tokens, busy signs, failures, polling, focus. No other file names its events.
(() => {
  "use strict";
  const { one, all, announce, toast, keepToasts, setBusy, filterPalette, start } = window.lux;
  const root = document.documentElement;
  const on = (name, act) => document.addEventListener(`htmx:${name}`, act);
  const failures = new WeakMap(); // polling element → {count, until}
  const isPoll = (element) => /\bevery\b/.test(element.getAttribute("hx-trigger") ?? "");
  let running = 0;
  const setRunning = (step) => { running = Math.max(0, running + step); root.toggleAttribute("data-busy", running > 0); };

  const retry = (button) => {
    const part = button.closest("[hx-get]");
    if (part) window.htmx.ajax("GET", part.getAttribute("hx-get"), { source: part, target: part, swap: part.getAttribute("hx-swap") ?? "innerHTML" });
    else location.reload();
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-retry]");
    if (button) retry(button);
  });

  const fail = (event, words) => {
    const { elt, xhr, requestConfig, boosted } = event.detail;
    const id = xhr?.getResponseHeader?.("X-Request-Id") ?? "";
    if (isPoll(elt)) {
      const count = (failures.get(elt)?.count ?? 0) + 1;
      failures.set(elt, { count, until: Date.now() + Math.min(60, 2 ** count) * 1000 });
      if (count !== 3) return;
    } else if ((boosted || requestConfig?.boosted) && requestConfig.verb === "get") {
      location.assign(requestConfig.path); // the error has a page of its own
      return;
    } else if (elt.matches("[hx-trigger~=load], [hx-trigger~=revealed], [data-error=card]")) {
      const part = one("#broken-template").content.firstElementChild.cloneNode(true);
      one("[data-request-id]", part).textContent = id || "unknown";
      elt.replaceChildren(part);
      return;
    }
    toast(words, id && `Request ${id}`);
  };

  on("configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = one("meta[name=csrf-token]")?.content ?? "";
  });
  on("beforeRequest", (event) => {
    const { elt, requestConfig } = event.detail;
    if (isPoll(elt) && !requestConfig.triggeringEvent && (document.hidden || Date.now() < (failures.get(elt)?.until ?? 0))) {
      event.preventDefault();
      return;
    }
    if (!isPoll(elt)) { setRunning(1); requestConfig.lux = true; } // not on the element: the answer may take its place
    if (elt.matches("form") && requestConfig.verb !== "get") setBusy(elt, true);
  });
  on("afterRequest", (event) => {
    const { elt, successful, requestConfig } = event.detail;
    if (requestConfig?.lux) setRunning(-1);
    if (elt.matches?.("form")) setBusy(elt, false);
    if (successful) failures.delete(elt);
  });
  on("responseError", (event) => {
    const status = event.detail.xhr.status;
    const words = { 401: "You are signed out. Reload the page to sign in.", 403: "You may not do that.", 404: "That is no longer there.", 429: "Too many requests. Wait a moment." };
    fail(event, words[status] ?? "That did not work. Nothing was changed.");
  });
  on("sendError", (event) => fail(event, "No connection. Nothing was changed."));
  on("timeout", (event) => fail(event, "No answer in time."));
  on("beforeSwap", (event) => {
    if (!event.detail.requestConfig?.boosted) return;
    // A boosted page brings its body only: what its head needs beyond ours is added here.
    const next = new DOMParser().parseFromString(event.detail.serverResponse ?? "", "text/html");
    all("head link[rel=stylesheet]", next).forEach((sheet) => {
      const href = sheet.getAttribute("href");
      if (!all("head link[rel=stylesheet]").some((known) => known.getAttribute("href") === href)) document.head.append(document.importNode(sheet));
    });
    all("head script[src]", next).forEach((script) => {
      const src = script.getAttribute("src");
      if (all("head script[src]").some((known) => known.getAttribute("src") === src)) return;
      document.head.append(Object.assign(document.createElement("script"), { src, async: false }));
    });
    const token = one("meta[name=csrf-token]", next)?.content;
    if (token) one("meta[name=csrf-token]").content = token;
  });
  on("afterSettle", (event) => {
    const { elt, target, requestConfig } = event.detail;
    keepToasts();
    if (requestConfig?.boosted) {
      setRunning(-running);
      start();
      if (!location.hash) scrollTo(0, 0);
      one("main h1")?.focus({ preventScroll: true });
      announce(document.title);
    } else if (target.id === "palette-found") {
      filterPalette(one("#palette-input").value);
    } else if (!isPoll(elt)) {
      const said = document.getElementById(target.id)?.dataset.announce;
      if (said) announce(said);
    }
  });
})();
