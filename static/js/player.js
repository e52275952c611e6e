// The film before and after: one video, and over its left part a veil that takes the colours away.
// So both sides are of the same frame, whatever browsers think of the film as it was uploaded.

export function connectPlayer({ section, screen, video, grip, divider }) {
  const divide = () => {
    screen.style.setProperty("--at", `${divider.value}%`);
    divider.setAttribute("aria-valuetext", `${divider.value} % before, ${100 - divider.value} % after`);
  };
  divider.addEventListener("input", divide);
  divide();
  const fit = () => section.style.setProperty("--ratio", video.videoWidth / video.videoHeight);
  video.addEventListener("loadedmetadata", fit);
  if (video.videoWidth) fit();

  // The line itself, by mouse and touch; the keyboard has the divider below.
  const follow = ({ clientX }) => {
    const { left, width } = video.getBoundingClientRect();
    divider.value = Math.round((100 * (clientX - left)) / width);
    divide();
  };
  grip.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
  });
  grip.addEventListener("pointermove", (event) => {
    if (grip.hasPointerCapture(event.pointerId)) follow(event);
  });
  return {
    isShown: () => !section.hidden,
    show(address) {
      video.src = address;
      section.hidden = false;
    },
  };
}
