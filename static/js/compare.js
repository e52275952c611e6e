// What the before/after divider needs beside the vendored element: a value for screen readers.

export function describeDivider(slider) {
  const tell = () => {
    const value = Math.round(slider.value);
    slider.setAttribute("aria-valuenow", value);
    slider.setAttribute("aria-valuetext", `${value} % before, ${100 - value} % after`);
  };
  slider.addEventListener("slide", tell);
  slider.addEventListener("keydown", (event) => {
    const jumps = { Home: 0, End: 100, PageDown: slider.value - 10, PageUp: slider.value + 10 };
    if (!(event.key in jumps)) return;
    event.preventDefault();
    slider.value = jumps[event.key];
    tell();
  });
  tell();
}
