// The film before and after: one video, and over its left part a veil that takes the colours away.
// So both sides are of the same frame, whatever browsers think of the film as it was uploaded.

export function connectPlayer({ section, screen, video, divider }) {
  const divide = () => {
    screen.style.setProperty("--at", `${divider.value}%`);
    divider.setAttribute("aria-valuetext", `${divider.value} % before, ${100 - divider.value} % after`);
  };
  divider.addEventListener("input", divide);
  divide();
  return {
    isShown: () => !section.hidden,
    show(address) {
      video.src = address;
      section.hidden = false;
    },
  };
}
