// Saying that something is on its way, once that has taken a while.

export const SLOW = 400; // ms without an answer that are worth a word

/** `place` is a live region; until `end()` it says that new colours are on their way. */
export function connectWaiting(place) {
  let timer = 0;
  return {
    begin() {
      timer ||= setTimeout(() => { place.textContent = "Showing the new colours…"; }, SLOW);
    },
    end() {
      clearTimeout(timer);
      timer = 0;
      if (place.textContent) place.textContent = "";
    },
  };
}
