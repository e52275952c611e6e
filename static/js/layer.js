// A layer over the picture that the server draws: where the network was unsure, where a phrase acts.

import { ask, patiently } from "./api.js";
import { swap } from "./pictures.js";
import { SLOW } from "./waiting.js";

/**
 * Connect a layer, which may be in several <img>. `show(address)` is returned: the layer is seen once
 * it has come, and asked for again as long as that helps; "" takes it away. It resolves to whether the
 * layer is seen, and to null if another one is wanted by then. `say(text)` tells what keeps it away.
 */
export function connectLayer(images, say) {
  let wanted = "";
  let held = "";
  const hide = (isHidden) => images.forEach((image) => { image.hidden = isHidden; });

  return async function show(address) {
    const isWanted = () => wanted === address;
    if (address && isWanted()) return held === address || null;
    wanted = address;
    hide(!address || held !== address);
    say("");
    if (!address) return null;
    if (held === address) return true;
    const slow = setTimeout(() => isWanted() && say("It is on its way…"), SLOW);
    try {
      const picture = await patiently(async () => (await ask(address)).blob(), isWanted, say);
      if (!isWanted()) return null;
      await Promise.all(images.map((image) => swap(image, picture)));
    } catch (problem) {
      if (!isWanted()) return null;
      wanted = "";
      say(problem.message);
      return false;
    } finally {
      clearTimeout(slow);
    }
    held = address;
    if (!isWanted()) return null;
    say("");
    hide(false);
    return true;
  };
}
