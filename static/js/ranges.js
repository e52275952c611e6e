// Sliders: a finger that scrolls the page past one leaves it as it was, and "up" is more on each.

const PAGES = 10; // of a slider's length, for PageUp and PageDown

/** For every slider of the page. */
export function connectRanges() {
  let held = null; // a slider under a finger, and what it was

  document.addEventListener("pointerdown", ({ target, pointerId }) => {
    if (target.type === "range") held = { input: target, pointerId, value: target.value };
  }, { capture: true });
  document.addEventListener("pointercancel", ({ pointerId }) => {
    if (held?.pointerId === pointerId) put(held.input, held.value, ["input"]);
    held = null;
  });

  document.addEventListener("keydown", (event) => {
    const { target } = event;
    if (target.type !== "range" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (getComputedStyle(target).direction !== "rtl") return;
    const value = reversed(target, event.key);
    if (value === null) return;
    event.preventDefault();
    put(target, value, ["input", "change"]);
  });
}

/** What a key makes of a slider whose least value lies on the right; null for keys that go by sides. */
function reversed({ min, max, step, value }, key) {
  const [least, most, one] = [min, max, step].map(Number);
  const page = Math.max(Math.round((most - least) / one / PAGES), 1);
  const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page }[key];
  if (steps) return Number(value) + steps * one;
  return { Home: most, End: least }[key] ?? null;
}

function put(input, value, events) {
  const before = input.value;
  input.value = value;
  if (input.value === before) return;
  for (const name of events) input.dispatchEvent(new Event(name, { bubbles: true }));
}
