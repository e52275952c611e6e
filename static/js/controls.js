// The settings form of a photograph or a batch: values, resets, presets, and the address they make.

import { keep, restore } from "./kept.js";

const SETTLE = 300; // ms without a change before the address follows: browsers refuse too many

/**
 * Connect the form; `onChange(stage)` is called with "render" or "predict" after every change, and
 * `addTo(parameters)` adds what else a picture is rendered with. `batch` is the page of the batch
 * that a photograph belongs to.
 */
export function connectControls(form, page, onChange, addTo = () => {}, batch = undefined) {
  restore(page, batch);
  const inputs = [...form.querySelectorAll("[data-stage]")];
  const byName = Object.fromEntries(inputs.map((input) => [input.name, input]));
  const presets = [...form.querySelectorAll("[data-preset]")].map((link) => ({
    link,
    changes: JSON.parse(link.dataset.preset),
  }));
  const isGuide = (input) => "guide" in input.dataset; // no setting: a reference, or words
  const isOfThisOne = (input) => input.dataset.guide === "one"; // and of no other photograph
  const isOfSettings = (input) => input.dataset.stage === "render" && !isGuide(input);
  const isDefault = (input) => same(input, input.value, input.dataset.default);

  /** Changed settings as URLSearchParams, of one stage or of both. */
  function query(stage) {
    const chosen = inputs.filter((i) => !isDefault(i) && (!stage || i.dataset.stage === stage));
    const parameters = parametersOf(chosen);
    if (stage !== "predict") addTo(parameters);
    return parameters;
  }

  /** The same without what is known of this photograph alone: what a batch can have. */
  function ofAny() {
    return parametersOf(inputs.filter((input) => !isDefault(input) && !isOfThisOne(input)));
  }

  let pending = 0;

  function writeAddress() {
    clearTimeout(pending);
    pending = 0;
    try {
      history.replaceState(null, "", withQuery(page, query()));
      keep(page, location.search, batch);
    } catch {
      // Refused for now; the next change writes it.
    }
  }
  window.addEventListener("pagehide", () => pending && writeAddress());

  function refresh() {
    for (const input of inputs) {
      const output = form.querySelector(`output[for="${input.name}"]`);
      if (output && output.textContent !== valueText(input)) {
        output.textContent = valueText(input);
        input.setAttribute("aria-valuetext", output.textContent);
      }
      form.querySelector(`[data-reset="${input.name}"]`).hidden = isDefault(input);
    }
    form.querySelector("#reset-all").hidden = inputs.every((i) => isGuide(i) || isDefault(i));
    for (const { link, changes } of presets) {
      const active = inputs.every(
        (input) =>
          !isOfSettings(input) ||
          same(input, input.value, changes[input.name] ?? input.dataset.default),
      );
      if (active) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    clearTimeout(pending);
    pending = setTimeout(writeAddress, SETTLE);
  }

  function set(values) {
    let stage = "render";
    for (const [name, value] of Object.entries(values)) {
      const input = byName[name];
      if (same(input, input.value, value)) continue;
      input.value = value;
      if (input.dataset.stage === "predict") stage = "predict";
    }
    refresh();
    onChange(stage);
  }

  const defaults = (wanted) =>
    Object.fromEntries(wanted.map((input) => [input.name, input.dataset.default]));

  form.addEventListener("input", (event) => {
    const { stage } = event.target.dataset;
    if (!stage) return;
    refresh();
    if (stage === "render") onChange("render");
  });
  form.addEventListener("change", (event) => {
    if (event.target.dataset.stage === "predict") onChange("predict");
  });
  // Enter would press the first button, which is for those without scripts and loads the page anew.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    event.target.closest(".download")?.querySelector("[type=submit]").click();
  });
  form.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.dataset.reset) {
      event.preventDefault();
      byName[link.dataset.reset].focus();
      set(defaults([byName[link.dataset.reset]]));
    } else if (link.id === "reset-all") {
      event.preventDefault();
      form.querySelector("[data-preset]")?.focus();
      set(defaults(inputs.filter((input) => !isGuide(input))));
    } else if (link.dataset.preset) {
      event.preventDefault();
      const rendering = inputs.filter(isOfSettings);
      const { changes } = presets.find((preset) => preset.link === link);
      const wanted = Object.entries(changes).filter(([name]) => rendering.includes(byName[name]));
      set({ ...defaults(rendering), ...Object.fromEntries(wanted) });
    }
  });
  // Moved before this ran, or put back by the browser: further than its step rounds.
  const moved = inputs.filter((i) => Math.abs(i.value - i.defaultValue) > 0.6 * i.step);
  if (moved.length) {
    queueMicrotask(() => {
      refresh();
      onChange(moved.some((input) => input.dataset.stage === "predict") ? "predict" : "render");
    });
  }
  return { query, ofAny, refresh, values: () => Object.fromEntries(inputs.map((i) => [i.name, typed(i)])) };
}

/** Show only the download fields that the chosen format has, and a choice of bits if there is one. */
export function connectOutput(form) {
  const format = form.querySelector("#format");
  const depth = form.querySelector("#bit_depth");
  let fixed = depth.closest(".field").hidden; // the scan has 8 bits: nothing to choose
  const refresh = () => {
    for (const field of form.querySelectorAll("[data-for-formats]")) {
      const fits = field.dataset.forFormats.split(" ").includes(format.value);
      field.hidden = !fits || (fixed && field.contains(depth));
      for (const input of field.querySelectorAll("input, select")) input.disabled = !fits;
    }
  };
  format.addEventListener("change", refresh);
  refresh();
  return {
    setDepth(bits) {
      fixed = bits === 8;
      depth.options[0].textContent = `${bits}, as scanned`;
      refresh();
    },
  };
}

function parametersOf(inputs) {
  return new URLSearchParams(inputs.map((input) => [input.name, input.value]));
}

export function withQuery(address, query) {
  const text = query.toString();
  return text ? `${address}?${text}` : address;
}

function typed(input) {
  return input.type === "range" ? Number(input.value) : input.value;
}

function same(input, a, b) {
  return input.type === "range" ? Number(a) === Number(b) : a.trim() === b.trim();
}

/** The value as a person reads it; `Control.text` of the server writes the same. */
function valueText(input) {
  const value = Number(input.value);
  const { unit, words } = input.dataset;
  if (words) {
    const [below, above] = words.split(" ");
    return value ? `${Math.abs(value)} ${value < 0 ? below : above}` : "neutral";
  }
  if (unit !== "%") return `${value} ${unit}`;
  return `${Math.round(100 * (input.name === "temperature" ? 1 - value : value))} %`;
}
