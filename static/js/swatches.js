// "Touch up": the colours that are offered for a place.

import { askJson, patiently, pause } from "./api.js";
import { nameOfHint, namesOf } from "./colour-names.js";
import { GREY } from "./hint-list.js";

const RECENT = 6;

/**
 * Connect the group of swatches. `onChoose(colour)` is called with one that is pressed, `say(text)` tells
 * why there are no likely ones yet, and `onCome()` that they are there.
 */
export function connectSwatches({ group, onChoose, say, onCome }) {
  let recent = [];
  let chosen = "";
  let turn = 0;

  function remember(colour) {
    if (colour === GREY) return;
    recent = [colour, ...recent.filter((other) => other !== colour)].slice(0, RECENT);
  }

  function swatch(colour, name, shown = colour) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "touch-swatch";
    button.dataset.colour = colour;
    button.title = colour;
    button.setAttribute("aria-pressed", colour === chosen);
    const patch = document.createElement("span");
    patch.className = "swatch";
    patch.style.backgroundColor = shown;
    button.append(patch, name);
    button.addEventListener("click", () => {
      remember(colour);
      onChoose(colour);
    });
    return button;
  }

  /** Grey and what was used before at once, and the likely colours at `address` once they come. */
  async function offer(address) {
    const mine = ++turn;
    const isWanted = () => mine === turn;
    const used = recent.map((rgb) => swatch(rgb, `used: ${nameOfHint(rgb)}`));
    group.replaceChildren(swatch(GREY, GREY, "#808080"), ...used);
    await pause(60);
    try {
      const answer = await patiently(() => askJson(address), isWanted, say);
      if (!answer || !isWanted()) return;
      const names = namesOf(answer.colours);
      const isFirst = document.activeElement === group.firstElementChild;
      group.prepend(...answer.colours.map(({ rgb }, i) => swatch(rgb, names[i])));
      if (isFirst) group.firstElementChild.focus({ preventScroll: true });
      onCome();
    } catch (problem) {
      if (isWanted()) say(problem.message);
    }
  }

  return {
    remember,
    offer,
    /** What is on its way is not wanted any more. */
    stop() {
      turn += 1;
    },
    /** Show which colour the place has; "" is none. */
    mark(colour) {
      chosen = colour;
      for (const button of group.children) button.setAttribute("aria-pressed", button.dataset.colour === chosen);
    },
  };
}
