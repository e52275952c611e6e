// The hints of a photograph: a list that can be undone, and its forms in an address.

const MOST = 200;

/** "x,y,colour" or "x,y,colour,reach", as the server reads it; null if it is none. */
export function parse(text, off = false) {
  const [x, y, colour, reach = "1"] = text.split(",");
  const numbers = [x, y, reach].map(Number);
  if (!colour || numbers.some((n) => !Number.isFinite(n))) return null;
  return { x: numbers[0], y: numbers[1], colour, reach: numbers[2], off };
}

export function textOf({ x, y, colour, reach }) {
  const number = (value) => String(Number(value.toFixed(4)));
  const parts = [number(x), number(y), colour];
  if (reach !== 1) parts.push(number(reach));
  return parts.join(",");
}

export class HintList {
  constructor(hints, onChange) {
    this.hints = hints;
    this.past = [];
    this.future = [];
    this.onChange = onChange;
  }

  get isFull() {
    return this.hints.length >= MOST;
  }

  /** Show another list, without a step that could be undone. */
  show(hints) {
    this.hints = hints;
    this.onChange();
  }

  /** One step from `before`, which was there when it began, to what is there now. */
  keep(before) {
    if (sameHints(before, this.hints)) return;
    this.past.push(before);
    this.future = [];
    this.onChange();
  }

  /** A step of its own. */
  change(hints) {
    const before = this.hints;
    this.hints = hints;
    this.keep(before);
  }

  undo() {
    if (!this.past.length) return;
    this.future.push(this.hints);
    this.show(this.past.pop());
  }

  redo() {
    if (!this.future.length) return;
    this.past.push(this.hints);
    this.show(this.future.pop());
  }

  /** The list with some fields of one hint changed. */
  with(index, fields) {
    return this.hints.map((hint, i) => (i === index ? { ...hint, ...fields } : hint));
  }
}

function sameHints(a, b) {
  const text = (hints) => hints.map((hint) => `${textOf(hint)}${hint.off}`).join(" ");
  return text(a) === text(b);
}
