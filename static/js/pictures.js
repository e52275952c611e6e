// Pictures that are put in place without a flicker, or asked for again when they were refused.

import { pause } from "./api.js";

const TRIES = 5;

/** Put a picture into an <img> once it is decoded, so that nothing flickers. */
export async function swap(img, blob) {
  const address = URL.createObjectURL(blob);
  const next = new Image();
  next.src = address;
  await next.decode();
  const old = img.src;
  img.src = address;
  if (old.startsWith("blob:")) URL.revokeObjectURL(old);
}

/** Watch every <img> in `container` that may be one of too many. */
export function insistOnPictures(container) {
  const tries = new Map();
  const again = async (img) => {
    const address = img.getAttribute("src");
    const count = (tries.get(address) ?? 0) + 1;
    tries.set(address, count);
    if (count > TRIES) return;
    await pause(3000 + 4000 * Math.random()); // not all at once
    if (img.getAttribute("src") !== address) return;
    img.removeAttribute("src");
    img.src = address;
  };
  container.addEventListener("error", ({ target }) => again(target), { capture: true });
}
