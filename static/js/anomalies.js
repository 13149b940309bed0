// The inbox of anomalies: keys, the marked row, and a note that is not lost. Everything works by links and forms alone.
(() => {
  "use strict";
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const chosen = () => one("#detail")?.dataset.pk ?? "0";
  const drafts = {
    key: (box) => `note-${box.dataset.draft}`,
    keep: (box) => { try { sessionStorage.setItem(drafts.key(box), box.value); } catch { /* this page only */ } },
    find: (box) => { try { return sessionStorage.getItem(drafts.key(box)) ?? ""; } catch { return ""; } },
    drop: (box) => { try { sessionStorage.removeItem(drafts.key(box)); } catch { /* nothing was kept */ } },
  };

  const mark = () => {
    all("#rows tr[data-pk]").forEach((row) => row.classList.toggle("selected", row.dataset.pk === chosen()));
    const box = one("[data-draft]");
    if (box && !box.value) box.value = drafts.find(box);
  };

  const move = (step) => {
    const rows = all("#rows tr[data-pk]");
    const at = rows.findIndex((row) => row.dataset.pk === chosen());
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
    if (!next) return;
    one(".row-link", next).click();
    next.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    if (!one("#detail") || event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]")) return;
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (typing) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const key = event.key.toLowerCase();
    if (key === "arrowdown" || key === "arrowup") move(key === "arrowdown" ? 1 : -1);
    else if (key === "/") one("#listing-q")?.focus();
    else if (key === "r" && one("#incident-verdict") && !one("#incident-verdict").value) one("#incident-verdict").focus();
    else if (one(`#triage [data-key="${CSS.escape(key)}"]`)) one(`#triage [data-key="${CSS.escape(key)}"]`).click();
    else return;
    event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const row = event.target.closest("#rows tr[data-pk]");
    if (row && !event.target.closest("a, input, label, button")) one(".row-link", row).click();
  });
  // In a narrow window the chosen incident stands above the list, out of sight of the row that was tapped.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id === "detail" && matchMedia("(max-width: 1100px)").matches) one("#detail").scrollIntoView();
  });
  document.addEventListener("input", (event) => event.target.matches("[data-draft]") && drafts.keep(event.target));
  document.addEventListener("submit", (event) => event.target.id === "triage" && drafts.drop(one("[data-draft]", event.target)));
  new MutationObserver(mark).observe(document.body, { childList: true, subtree: true });
  mark();
})();
