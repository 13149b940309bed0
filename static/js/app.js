// What both panels add to plain pages: every control also works, or is absent, without this file.
(() => {
  "use strict";
  const root = document.documentElement;
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // --- Saying things ---------------------------------------------------------------------------
  const announce = (text) => {
    const box = one("#announcer");
    if (!box) return;
    box.textContent = "";
    setTimeout(() => { box.textContent = text; }, 60);
  };

  const toast = (text, detail = "") => {
    const made = one("#toast-template").content.firstElementChild.cloneNode(true);
    one("[data-toast-text]", made).textContent = text;
    one("[data-toast-detail]", made).textContent = detail;
    one("#toasts").append(made);
    keepToasts();
  };

  const keepToasts = () => all("[data-toast]:not([data-timed])", one("#toasts") ?? document.createElement("i")).forEach((shown) => {
    shown.dataset.timed = "";
    if (shown.classList.contains("bad")) return; // a failure stays until it was read
    const leave = () => (shown.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : shown.remove());
    setTimeout(leave, 7000);
  });

  // --- Theme -----------------------------------------------------------------------------------
  const showTheme = () => all("[data-theme-choice]").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === (root.dataset.theme ?? "")));
  });
  const setTheme = (theme) => {
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    try {
      if (theme) localStorage.setItem("theme", theme); else localStorage.removeItem("theme");
    } catch { /* the choice then holds for this page only */ }
    showTheme();
  };

  // --- Drawer, menus, dialogs ------------------------------------------------------------------
  let drawerOpener = null;
  const setDrawer = (open) => {
    const shell = one(".shell");
    if (!shell || (shell.dataset.drawer === "open") === open) return;
    if (open) {
      shell.dataset.drawer = "open";
      drawerOpener = document.activeElement;
    } else {
      delete shell.dataset.drawer;
    }
    const frame = one(".frame");
    if (frame) frame.inert = open;
    if (open) one(".sidebar-close")?.focus(); else drawerOpener?.focus?.();
  };

  const openDialog = (id) => {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) return false;
    dialog.showModal();
    if (id === "palette") filterPalette("");
    return true;
  };

  const filterPalette = (text) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    all("#palette-list li").forEach((entry) => {
      entry.hidden = !words.every((word) => entry.textContent.toLowerCase().includes(word));
      found += entry.hidden ? 0 : 1;
    });
    const more = one("#palette-found");
    if (!words.length) more.textContent = "";
    one("#palette .none").hidden = found > 0 || more.childElementCount > 0;
  };

  const movePalette = (event) => {
    const links = all("#palette li:not([hidden]) a");
    const at = links.indexOf(document.activeElement);
    if (event.key === "ArrowDown") (links[at + 1] ?? links[0])?.focus();
    else if (event.key === "ArrowUp") (at > 0 ? links[at - 1] : one("#palette-input"))?.focus();
    else if (event.key === "Enter" && at < 0 && links.length && !one("#palette form[action]")) links[0].click();
    else return;
    event.preventDefault();
  };

  // --- Copying ---------------------------------------------------------------------------------
  const copy = async (button) => {
    const source = document.getElementById(button.dataset.copy);
    const label = one("span", button);
    try {
      await navigator.clipboard.writeText(source.textContent);
      label.textContent = "Copied";
      announce("Copied");
      setTimeout(() => { label.textContent = "Copy"; }, 2000);
    } catch {
      getSelection().selectAllChildren(source); // clipboard forbidden: the text is at least selected
      announce("Selected, copy it with the keyboard");
    }
  };

  // --- Help tips: popovers that also open on hover and focus ----------------------------------
  const tipOf = (button) => document.getElementById(button.getAttribute("popovertarget"));
  const showTip = (button) => {
    const tip = tipOf(button);
    if (!tip || tip.matches(":popover-open")) return;
    tip.showPopover({ source: button });
    if (CSS.supports("position-area: top")) return;
    const box = button.getBoundingClientRect();
    const own = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(6, Math.min(box.left + box.width / 2 - own.width / 2, innerWidth - own.width - 18))}px`;
    tip.style.top = `${box.top > own.height + 20 ? box.top - own.height - 12 : box.bottom}px`;
  };
  const hideTip = (wrap) => {
    const tip = one("[popover]", wrap);
    if (tip?.matches(":popover-open") && !wrap.matches(":hover, :focus-within")) tip.hidePopover();
  };
  document.addEventListener("pointerover", (event) => {
    const button = event.pointerType === "mouse" && event.target.closest?.(".tip-button");
    if (button) showTip(button);
  });
  document.addEventListener("pointerout", (event) => {
    const wrap = event.target.closest?.(".tip");
    if (wrap) setTimeout(() => hideTip(wrap), 120); // time to reach the tip itself
  });
  document.addEventListener("focusin", (event) => event.target.matches?.(".tip-button:focus-visible") && showTip(event.target));
  document.addEventListener("focusout", (event) => {
    const wrap = event.target.closest?.(".tip");
    if (wrap) setTimeout(() => hideTip(wrap), 0);
  });

  // --- One listener for clicks, keys and typing -------------------------------------------------
  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest(selector);
    all("details.menu[open]").forEach((menu) => menu.contains(event.target) || menu.removeAttribute("open"));
    if (at(".tip-button")) { event.preventDefault(); showTip(at(".tip-button")); }
    else if (at("[data-copy]")) copy(at("[data-copy]"));
    else if (at("[data-dismiss]")) at("[data-toast]")?.remove();
    else if (at("[data-theme-choice]")) setTheme(at("[data-theme-choice]").dataset.themeChoice);
    else if (at("[data-close]")) at("dialog")?.close();
    else if (at("[data-drawer]")) { event.preventDefault(); setDrawer(at("[data-drawer]").dataset.drawer === "open"); }
    else if (at("[data-dialog]")) { if (openDialog(at("[data-dialog]").dataset.dialog)) event.preventDefault(); }
    else if (event.target.matches("dialog[open]") && event.target.id === "palette") event.target.close(); // the backdrop
    else if (one(".shell[data-drawer]") && !at(".sidebar")) setDrawer(false);
    if (at("#palette a")) one("#palette").close();
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && one("#palette")) {
      event.preventDefault();
      if (!openDialog("palette")) one("#palette").close();
    } else if (event.key === "Escape") {
      all("details.menu[open]").forEach((menu) => { menu.removeAttribute("open"); one("summary", menu).focus(); });
      setDrawer(false);
    } else if (event.target.closest?.("#palette")) {
      movePalette(event);
    }
  });

  document.addEventListener("input", (event) => {
    if (event.target.dataset.words !== undefined) {
      const words = event.target.dataset.words.split("|")[Number(event.target.value)];
      one("output", event.target.parentElement).textContent = words;
      event.target.setAttribute("aria-valuetext", words);
    }
    if (event.target.id === "palette-input") filterPalette(event.target.value);
    if (event.target.dataset.mustEqual !== undefined) {
      event.target.setCustomValidity(event.target.value === event.target.dataset.mustEqual ? "" : `Type ${event.target.dataset.mustEqual}`);
    }
  });

  // --- Forms: nothing is sent twice -------------------------------------------------------------
  const setBusy = (form, busy) => all("button:not([type=button])", form).forEach((button) => {
    button.disabled = busy;
    button.toggleAttribute("aria-busy", busy);
    if (busy) button.setAttribute("aria-busy", "true");
  });
  document.addEventListener("submit", (event) => {
    // After the browser has read the form: a disabled button's name would not be sent.
    if (event.target.method === "post") setTimeout(() => event.defaultPrevented || setBusy(event.target, true));
  });
  addEventListener("pageshow", (event) => event.persisted && all("form").forEach((form) => setBusy(form, false)));

  // --- Once per page ----------------------------------------------------------------------------
  const start = () => {
    showTheme();
    keepToasts();
    if (/Mac|iP(hone|ad)/.test(navigator.platform)) all("kbd[data-key]").forEach((key) => { key.textContent = `⌘${key.dataset.key}`; });
    one("[aria-invalid=true]")?.focus();
  };
  start();
  window.lux = { one, all, announce, toast, keepToasts, setBusy, filterPalette, start }; // for requests.js
})();
