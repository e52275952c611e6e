// "Other likely colours": a ring on the picture and the likely colours beneath it.

import { askJson, patiently, pause } from "./api.js";
import { moved } from "./points.js";
import { namesOf } from "./colour-names.js";
import { withQuery } from "./controls.js";

/** Connect the button; `query()` gives the settings that the prediction depends on. */
export function connectProbe({ button, layer, ring, section, list, hint, api, zoom, query, onOpen }) {
  let point = [0.5, 0.5];
  let asked = 0;
  const isOpen = () => !layer.hidden;

  function place() {
    if (!isOpen()) return;
    const [left, top] = zoom.toStage(...point);
    ring.style.left = `${left}px`;
    ring.style.top = `${top}px`;
  }

  async function look() {
    const turn = ++asked;
    place();
    await pause(90); // the ring may still be moving
    if (turn !== asked || !isOpen()) return;
    const parameters = query();
    parameters.set("x", point[0].toFixed(4));
    parameters.set("y", point[1].toFixed(4));
    const isWanted = () => turn === asked && isOpen();
    const say = (text) => { hint.textContent = text; };
    try {
      const answer = await patiently(() => askJson(withQuery(`${api}/colours`, parameters)), isWanted, say);
      if (answer && isWanted()) show(answer.colours);
    } catch (problem) {
      if (isWanted()) say(problem.message);
    }
  }

  function show(colours) {
    hint.textContent = "Most likely first. Click elsewhere, or move the ring with the arrow keys.";
    const names = namesOf(colours);
    list.replaceChildren(
      ...colours.map((colour, i) => {
        const { rgb, probability } = colour;
        const item = document.createElement("li");
        item.title = rgb;
        const swatch = document.createElement("span");
        swatch.className = "swatch";
        swatch.style.backgroundColor = rgb;
        const share = document.createElement("strong");
        share.textContent = probability < 0.01 ? "< 1 %" : `${Math.round(probability * 100)} %`;
        const name = document.createElement("span");
        name.textContent = names[i];
        item.append(swatch, share, name);
        return item;
      }),
    );
  }

  function toggle(open) {
    layer.hidden = section.hidden = !open;
    button.setAttribute("aria-pressed", open);
    if (!open) return;
    point = zoom.inSight(...point);
    onOpen();
    look();
  }

  button.addEventListener("click", () => {
    toggle(!isOpen());
    if (isOpen()) ring.focus({ preventScroll: true });
  });
  layer.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    layer.setPointerCapture(event.pointerId);
    ring.focus({ preventScroll: true });
    point = zoom.toPicture(event.clientX, event.clientY);
    look();
  });
  layer.addEventListener("pointermove", (event) => {
    if (!layer.hasPointerCapture(event.pointerId)) return;
    point = zoom.toPicture(event.clientX, event.clientY);
    look();
  });
  ring.addEventListener("focus", () => ring.matches(":focus-visible") && zoom.reveal(...point));
  ring.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      toggle(false);
      button.focus();
    }
    const next = moved(point, event);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    point = next;
    zoom.reveal(...point);
    look();
  });
  return { place, refresh: () => isOpen() && look(), close: () => toggle(false) };
}
