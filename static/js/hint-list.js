// The hints of a photograph or a film: a list that can be undone, and its forms in an address.

const MOST = 200;
const SAME_MOMENT = 1e-3; // s
const USUAL_LIGHTNESS = 60;
export const GREY = "keep grey";

/**
 * "x,y,colour" or "x,y,colour,reach" as the server reads it, of a film after "seconds@"; null if it
 * is none. `time` is null for a photograph.
 */
export function parse(text, off = false) {
  const [place, seconds] = text.split("@").reverse();
  const [x, y, colour, reach = "1"] = place.split(",");
  const time = seconds === undefined ? null : Number(seconds);
  const numbers = [x, y, reach, time ?? 0].map(Number);
  if (!colour || numbers.some((n) => !Number.isFinite(n))) return null;
  return { x: numbers[0], y: numbers[1], colour, reach: numbers[2], time, off };
}

export function textOf({ x, y, colour, reach, time }) {
  const number = (value) => String(Number(value.toFixed(4)));
  const parts = [number(x), number(y), colour];
  if (reach !== 1) parts.push(number(reach));
  return (time === null ? "" : `${time}@`) + parts.join(",");
}

/** A hint's colour for a style sheet: it may be a* and b* alone. */
export function shown(colour) {
  if (/^keep\W?gr[ae]y$/i.test(colour)) return "#808080";
  const [a, b] = colour.split(":").map(Number);
  return Number.isFinite(b) ? `lab(${USUAL_LIGHTNESS}% ${a} ${b})` : colour;
}

/** Whether a hint is given at this time of a film; at `null`, if it is of a photograph. */
export function isAt({ time }, moment) {
  return Math.abs(time - moment) < SAME_MOMENT;
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
