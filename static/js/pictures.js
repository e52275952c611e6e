// Small pictures that were refused, for being some of too many, are asked for again.

import { pause } from "./api.js";

const TRIES = 5;

/** Watch every <img> in `container`; `giveUp()` is called for each address that never came. */
export function insistOnPictures(container, giveUp = () => {}) {
  const tries = new Map();
  const again = async (img) => {
    const address = img.getAttribute("src");
    const count = (tries.get(address) ?? 0) + 1;
    tries.set(address, count);
    if (count > TRIES) return void (count === TRIES + 1 && giveUp());
    await pause(3000 + 4000 * Math.random()); // not all at once
    if (img.getAttribute("src") !== address) return;
    img.removeAttribute("src");
    img.src = address;
  };
  container.addEventListener("error", ({ target }) => again(target), { capture: true });
}
