// Builds conditions of an expression from a field, a comparison and a value: nobody has to know the language.
(() => {
  "use strict";
  const parts = (row) => ["field", "how", "value"].map((name) => row.querySelector(`[data-build=${name}]`));
  const kind = (field) => field.selectedOptions[0].dataset.kind;

  // What the chosen field can be asked; a flag needs no value.
  const suit = (row) => {
    const [field, how, value] = parts(row);
    const of = kind(field);
    [...how.options].forEach((option) => { option.hidden = option.disabled = option.dataset.kind !== of; });
    if (how.selectedOptions[0]?.disabled !== false) how.value = [...how.options].find((option) => !option.disabled).value;
    value.hidden = of === "flag";
    value.inputMode = of === "number" ? "decimal" : "text";
    if (field.value === "categories") value.setAttribute("list", value.dataset.list);
    else value.removeAttribute("list");
  };

  const said = (row) => {
    const [field, how, value] = parts(row);
    const of = kind(field);
    if (of === "flag") return how.value === "not" ? `not ${field.value}` : field.value;
    const text = value.value.trim();
    if (of === "number") {
      const number = text.replace(",", ".");
      return /^-?\d+(\.\d+)?$/.test(number) ? `${field.value} ${how.value} ${number}` : "";
    }
    const quoted = `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
    if (!text) return "";
    return how.value === "not in" ? `${quoted} not in ${field.value}` : `${field.value} ${how.value} ${quoted}`;
  };

  const add = (row) => {
    const [field, , value] = parts(row);
    const condition = said(row);
    if (!condition) {
      value.focus();
      lux.announce(kind(field) === "number" ? "Write a number" : "Write a value");
      return;
    }
    const box = document.getElementById(row.dataset.builds);
    const old = box.value.trim();
    const kept = / or /i.test(old) ? `(${old})` : old;
    box.value = kept ? `${kept} and ${condition}` : condition;
    value.value = "";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    lux.announce(`Added: ${condition}`);
  };

  const of = (event) => event.target.closest?.("[data-builds]");
  document.addEventListener("change", (event) => { if (event.target.dataset?.build === "field") suit(of(event)); });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-add-condition]")) add(of(event)); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.dataset?.build !== "value") return;
    event.preventDefault(); // not the form
    add(of(event));
  });
  const start = () => document.querySelectorAll("[data-builds]").forEach(suit);
  start();
  document.addEventListener("htmx:afterSettle", start);
})();
