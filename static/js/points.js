// Points of the picture, 0..1 from the left and the top, and arrow keys that move them.

const STEP = 0.01; // of the picture's width and height; five times that with Shift
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export const clamp = (value) => Math.min(Math.max(value, 0), 1);

/** "20 % from the left, 49 % from the top". */
export function inWords([x, y]) {
  return `${Math.round(100 * x)} % from the left, ${Math.round(100 * y)} % from the top`;
}

/** Where an arrow key moves a point; null for other keys. */
export function moved([x, y], event) {
  const arrow = ARROWS[event.key];
  if (!arrow) return null;
  const step = event.shiftKey ? 5 * STEP : STEP;
  return [clamp(x + arrow[0] * step), clamp(y + arrow[1] * step)];
}
