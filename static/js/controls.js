// The settings form of a photograph or a batch: values, resets, presets, and the address they make.

/** Connect the form; `onChange(stage)` is called with "render" or "predict" after every change. */
export function connectControls(form, page, onChange) {
  const inputs = [...form.querySelectorAll("[data-stage]")];
  const byName = Object.fromEntries(inputs.map((input) => [input.name, input]));
  const presets = [...form.querySelectorAll("[data-preset]")].map((link) => ({
    link,
    changes: JSON.parse(link.dataset.preset),
  }));
  const isDefault = (input) => same(input, input.value, input.dataset.default);

  /** Changed settings as URLSearchParams, of one stage or of both. */
  function query(stage) {
    const chosen = inputs.filter((i) => !isDefault(i) && (!stage || i.dataset.stage === stage));
    return new URLSearchParams(chosen.map((input) => [input.name, input.value]));
  }

  function refresh() {
    for (const input of inputs) {
      const output = form.querySelector(`output[for="${input.name}"]`);
      if (output) output.textContent = valueText(input);
      form.querySelector(`[data-reset="${input.name}"]`).hidden = isDefault(input);
    }
    form.querySelector("#reset-all").hidden = inputs.every(isDefault);
    for (const { link, changes } of presets) {
      const active = inputs.every(
        (input) =>
          input.dataset.stage !== "render" ||
          same(input, input.value, changes[input.name] ?? input.dataset.default),
      );
      if (active) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    history.replaceState(null, "", withQuery(page, query()));
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
      set(defaults(inputs));
    } else if (link.dataset.preset) {
      event.preventDefault();
      const rendering = inputs.filter((input) => input.dataset.stage === "render");
      const { changes } = presets.find((preset) => preset.link === link);
      const wanted = Object.entries(changes).filter(([name]) => rendering.includes(byName[name]));
      set({ ...defaults(rendering), ...Object.fromEntries(wanted) });
    }
  });
  return { query, values: () => Object.fromEntries(inputs.map((i) => [i.name, typed(i)])) };
}

/** Show only the download fields that the chosen format has. */
export function connectOutput(form) {
  const format = form.querySelector("#format");
  const depth = form.querySelector("#bit_depth");
  const fixed = depth.closest(".field").hidden; // the scan has 8 bits: nothing to choose
  const refresh = () => {
    for (const field of form.querySelectorAll("[data-for-formats]")) {
      const fits = field.dataset.forFormats.split(" ").includes(format.value);
      field.hidden = !fits || (fixed && field.contains(depth));
      for (const input of field.querySelectorAll("input, select")) input.disabled = !fits;
    }
  };
  format.addEventListener("change", refresh);
  refresh();
}

export function withQuery(address, query) {
  const text = query.toString();
  return text ? `${address}?${text}` : address;
}

function typed(input) {
  return input.type === "range" ? Number(input.value) : input.value;
}

function same(input, a, b) {
  return input.type === "range" ? Number(a) === Number(b) : String(a) === String(b);
}

function valueText(input) {
  return `${Number(input.value)} ${input.dataset.unit}`.trim().replace("-", "−");
}
