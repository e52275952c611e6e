// Buttons that have nothing to do for now: they are dimmed, and not disabled, so that they keep the focus.

export function dim(button, isDim) {
  button.setAttribute("aria-disabled", isDim);
}

export function onPress(button, act) {
  button.addEventListener("click", (event) => {
    if (button.getAttribute("aria-disabled") !== "true") act(event);
  });
}
