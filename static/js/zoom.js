// Zoom and pan of the two pictures under the divider. The divider stays where it is: both pictures
// move together beneath it. At "fit" a drag moves the divider; zoomed in, a drag moves the picture
// and the divider is moved by its handle.

import { dim, onPress } from "./buttons.js";
import { clamp } from "./points.js";

const LARGEST = 6;
const STEP = 1.5;
const PAN_STEP = 60; // px for an arrow key
const EDGE = 40; // px between the edge and a point that was brought back into sight

export function connectZoom(stage, slider, buttons, onMove) {
  let scale = 1;
  let x = 0;
  let y = 0;
  const pointers = new Map();
  let pinch = null;

  function apply(newScale, newX, newY) {
    scale = Math.min(Math.max(newScale, 1), LARGEST);
    const { width, height } = stage.getBoundingClientRect();
    x = Math.min(Math.max(newX, width * (1 - scale)), 0);
    y = Math.min(Math.max(newY, height * (1 - scale)), 0);
    stage.style.setProperty("--zoom", scale);
    stage.style.setProperty("--pan-x", `${x}px`);
    stage.style.setProperty("--pan-y", `${y}px`);
    stage.classList.toggle("is-zoomed", scale > 1);
    slider.handle = scale > 1; // only its handle moves the divider
    dim(buttons.out, scale <= 1);
    dim(buttons.fit, scale <= 1);
    dim(buttons.in, scale >= LARGEST);
    onMove();
  }

  /** Zoom so that the point of the picture under (clientX, clientY) stays there. */
  function zoomAt(factor, clientX, clientY) {
    const box = stage.getBoundingClientRect();
    const [px, py] = [clientX - box.left, clientY - box.top];
    const next = Math.min(Math.max(scale * factor, 1), LARGEST);
    apply(next, px - ((px - x) * next) / scale, py - ((py - y) * next) / scale);
  }

  function zoomCentre(factor) {
    const box = stage.getBoundingClientRect();
    zoomAt(factor, box.left + box.width / 2, box.top + box.height / 2);
  }

  onPress(buttons.in, () => zoomCentre(STEP));
  onPress(buttons.out, () => zoomCentre(1 / STEP));
  onPress(buttons.fit, () => apply(1, 0, 0));

  stage.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // without, the wheel scrolls the page
      event.preventDefault();
      zoomAt(Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
    },
    { passive: false },
  );

  stage.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const direction = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (event.key === "+" || event.key === "=") zoomCentre(STEP);
      else if (event.key === "-") zoomCentre(1 / STEP);
      else if (event.key === "0") apply(1, 0, 0);
      else if (direction && event.shiftKey && scale > 1 && event.target === slider)
        apply(scale, x + direction[0] * PAN_STEP, y + direction[1] * PAN_STEP);
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true },
  );

  const isOnHandle = (event) => {
    const box = slider.querySelector("[slot=handle]").getBoundingClientRect();
    return (
      event.clientX >= box.left && event.clientX <= box.right &&
      event.clientY >= box.top && event.clientY <= box.bottom
    );
  };

  const spread = () => {
    const [a, b] = [...pointers.values()];
    return {
      distance: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
      clientX: (a.clientX + b.clientX) / 2,
      clientY: (a.clientY + b.clientY) / 2,
    };
  };

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.closest(".probe") || isOnHandle(event)) return;
    pointers.set(event.pointerId, event);
    pinch = pointers.size === 2 ? spread() : null;
  });
  window.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    pointers.set(event.pointerId, event);
    if (pinch && pointers.size === 2) {
      const now = spread();
      x += now.clientX - pinch.clientX;
      y += now.clientY - pinch.clientY;
      zoomAt(now.distance / pinch.distance, now.clientX, now.clientY);
      pinch = now;
    } else if (scale > 1 && pointers.size === 1) {
      apply(scale, x + event.clientX - before.clientX, y + event.clientY - before.clientY);
    }
  });
  for (const end of ["pointerup", "pointercancel"]) {
    window.addEventListener(end, (event) => {
      pointers.delete(event.pointerId);
      pinch = null;
    });
  }
  new ResizeObserver(() => apply(scale, x, y)).observe(stage);
  apply(1, 0, 0);

  /** Place on the stage, px from its left and top, of a point of the picture. */
  function toStage(pictureX, pictureY) {
    const box = stage.getBoundingClientRect();
    return [x + pictureX * box.width * scale, y + pictureY * box.height * scale];
  }

  /** How far the picture has to go, px, for a point of it to be in sight. */
  function wayIn(pictureX, pictureY) {
    const { width, height } = stage.getBoundingClientRect();
    const [left, top] = toStage(pictureX, pictureY);
    return [inwards(left, width), inwards(top, height)];
  }

  return {
    toStage,
    /** Place in the picture, 0..1 from the left and the top, of a point of the window. */
    toPicture(clientX, clientY) {
      const box = stage.getBoundingClientRect();
      return [
        clamp((clientX - box.left - x) / (box.width * scale)),
        clamp((clientY - box.top - y) / (box.height * scale)),
      ];
    },
    /** A point of the picture, or the middle of what is in sight if it is not. */
    inSight(pictureX, pictureY) {
      const { width, height } = stage.getBoundingClientRect();
      if (!wayIn(pictureX, pictureY).some(Boolean)) return [pictureX, pictureY];
      return [(width / 2 - x) / (width * scale), (height / 2 - y) / (height * scale)];
    },
    /** Move the picture until a point of it is in sight. */
    reveal(pictureX, pictureY) {
      const [byX, byY] = wayIn(pictureX, pictureY);
      if (byX || byY) apply(scale, x + byX, y + byY);
    },
  };
}

/** How far to move something that is to lie between 0 and `length`; 0 if it does. */
function inwards(place, length) {
  if (place < -1) return EDGE - place;
  return place > length + 1 ? length - EDGE - place : 0;
}
