// "Touch up": markers on the picture, and a panel for the colour of one place.

import { askJson, pause } from "./api.js";
import { clamp, moved } from "./points.js";
import { nameOf } from "./colour-names.js";
import { withQuery } from "./controls.js";
import { GREY, HintList, isAt, parse, shown, textOf } from "./hint-list.js";

const WORDS = matchMedia("(pointer: coarse)").matches
  ? { place: "Tap what has the wrong colour.", choose: "Choose a colour for this place, then Done." }
  : {
      place: "Click what has the wrong colour, or move the ring with the arrow keys and press Enter.",
      choose: "Choose a colour for this place. Enter keeps it, Escape leaves.",
    };
const NEAR = 14; // px around a marker that are its own
const RECENT = 6;

const $ = (id) => document.getElementById(id);

/**
 * Connect the tool. `api()` is the address of the photograph that is shown, and `now()` its time in
 * its film, or null; `query()` gives what a prediction depends on, `onChange()` shows the hints.
 */
export function connectTouch({
  api, zoom, slider, picture, query, onChange, onOpen = () => {}, now = () => null,
}) {
  const layer = $("touch-layer");
  const ring = $("touch-ring");
  const panel = $("touch-panel");
  const swatches = $("touch-swatches");
  const address = new URLSearchParams(location.search);
  const given = (name, off) => address.getAll(name).map((text) => parse(text, off)).filter(Boolean);
  const list = new HintList([...given("hint", false), ...given("off", true)], refresh);
  let point = [0.5, 0.5];
  let chosen = -1; // number of the hint whose panel is open
  let before = null; // the hints as they were when the panel was opened
  let picking = false;
  let recent = [];
  let turn = 0;
  let divider = slider.value; // where it was: all of the picture is in colour meanwhile
  const isOpen = () => !layer.hidden;
  const markers = () => [...layer.querySelectorAll(".marker")];
  const markerOf = (index) => markers().find((marker) => Number(marker.dataset.index) === index);

  // what is seen

  function refresh() {
    const inputs = list.hints.map((hint) => {
      const input = document.createElement("input");
      [input.type, input.name, input.value] = ["hidden", hint.off ? "off" : "hint", textOf(hint)];
      return input;
    });
    $("hint-inputs").replaceChildren(...inputs);
    const count = list.hints.filter((hint) => !hint.off).length;
    $("hints-set").hidden = !list.hints.length;
    $("hints-count").textContent = count === 1 ? "One place has" : `${count} places have`;
    refreshSteps();
    drawMarkers();
    onChange();
  }

  function refreshSteps() {
    $("touch-undo").disabled = !list.past.length && (!before || before === list.hints);
    $("touch-redo").disabled = !list.future.length;
    $("touch-clear").disabled = !list.hints.length;
  }

  function drawMarkers() {
    const focused = markers().find((marker) => marker === document.activeElement)?.dataset.index;
    markers().forEach((marker) => marker.remove());
    list.hints.forEach((hint, i) => {
      if (!isAt(hint, now())) return;
      const marker = document.createElement("button");
      marker.type = "button";
      marker.dataset.index = i;
      marker.className = "marker";
      marker.dataset.off = hint.off;
      marker.setAttribute("aria-pressed", i === chosen);
      const kind = `${hint.colour}${hint.off ? ", switched off" : ""}`;
      marker.setAttribute("aria-label", `Place ${i + 1}: ${kind}. Enter changes it, arrows move it`);
      marker.style.backgroundColor = shown(hint.colour);
      marker.addEventListener("keydown", (event) => onMarkerKey(event, i));
      marker.addEventListener("click", (event) => event.detail === 0 && openPanel(i));
      layer.append(marker);
    });
    place();
    markerOf(Number(focused))?.focus({ preventScroll: true });
  }

  function place() {
    if (!isOpen()) return;
    const put = (element, x, y) => {
      const [left, top] = zoom.toStage(x, y);
      element.style.left = `${left}px`;
      element.style.top = `${top}px`;
    };
    put(ring, ...point);
    for (const marker of markers()) {
      const { x, y } = list.hints[marker.dataset.index];
      put(marker, x, y);
    }
  }

  function say(text) {
    $("touch-help").textContent = text;
  }

  function explain() {
    if (list.isFull) say("No more than 200 places.");
    else if (isPanelOpen()) say(WORDS.choose);
    else say(WORDS.place);
  }

  // the panel of one place

  const isPanelOpen = () => before !== null;

  function openAt(x, y) {
    closePanel(true);
    point = [x, y];
    if (list.isFull) return explain();
    before = list.hints;
    chosen = -1;
    showPanel();
  }

  function openPanel(index) {
    closePanel(true);
    before = list.hints;
    chosen = index;
    point = [list.hints[index].x, list.hints[index].y];
    showPanel();
  }

  function showPanel() {
    const hint = list.hints[chosen];
    $("touch-place").hidden = false;
    $("touch-own").value = hint?.colour.startsWith("#") ? hint.colour : "#808080";
    $("touch-reach").value = Math.log2(hint?.reach ?? 1);
    refreshChosen();
    explain();
    drawMarkers();
    suggest();
  }

  /** The buttons that need a hint at the place. */
  function refreshChosen() {
    const hint = list.hints[chosen];
    $("touch-off").textContent = hint?.off ? "Switch on" : "Switch off";
    for (const id of ["touch-off", "touch-remove", "touch-reach"]) $(id).disabled = !hint;
  }

  /** Close it: keep what was chosen, or go back to what was there. */
  function closePanel(keep) {
    if (!isPanelOpen()) return;
    const [old, changed] = [before, list.hints];
    before = null;
    chosen = -1;
    picking = false;
    layer.classList.remove("is-picking");
    $("touch-place").hidden = true;
    if (keep && changed !== old) list.keep(old);
    else if (changed !== old) list.show(old);
    else drawMarkers();
    explain();
  }

  function setColour(colour) {
    if (chosen < 0) {
      chosen = list.hints.length;
      const [x, y] = point;
      list.show([...list.hints, { x, y, colour, reach: 1, time: now(), off: false }]);
    } else {
      list.show(list.with(chosen, { colour, off: false }));
    }
    refreshChosen();
    if (colour.startsWith("#")) $("touch-own").value = colour;
  }

  function remember(colour) {
    if (colour === GREY) return;
    recent = [colour, ...recent.filter((other) => other !== colour)].slice(0, RECENT);
  }

  async function suggest() {
    const mine = ++turn;
    swatches.replaceChildren(swatch(GREY, "grey", "#808080"), ...recent.map((rgb) => swatch(rgb, "used")));
    await pause(60);
    const parameters = query();
    parameters.set("x", point[0].toFixed(4));
    parameters.set("y", point[1].toFixed(4));
    try {
      const { colours } = await askJson(withQuery(`${api()}/colours`, parameters));
      if (mine !== turn) return;
      const isFirst = document.activeElement === swatches.firstElementChild;
      swatches.prepend(...colours.map((colour) => swatch(colour.rgb, nameOf(colour))));
      if (isFirst) swatches.firstElementChild.focus({ preventScroll: true });
    } catch (problem) {
      if (mine === turn) say(problem.message);
    }
  }

  function swatch(colour, name, shown = colour) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "touch-swatch";
    button.dataset.colour = colour;
    button.title = colour;
    const patch = document.createElement("span");
    patch.className = "swatch";
    patch.style.backgroundColor = shown;
    button.append(patch, name);
    button.addEventListener("click", () => {
      remember(colour);
      setColour(colour);
    });
    return button;
  }

  /** The colour that the picture shows at a place, the mean of a few pixels. */
  function shownAt(x, y) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const [w, h] = [picture.naturalWidth, picture.naturalHeight];
    const context = canvas.getContext("2d");
    context.drawImage(picture, clamp(x) * w - 1.5, clamp(y) * h - 1.5, 3, 3, 0, 0, 1, 1);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    return `#${[r, g, b].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  }

  function pick(x, y) {
    picking = false;
    layer.classList.remove("is-picking");
    const colour = shownAt(x, y);
    remember(colour);
    setColour(colour);
    explain();
  }

  // pointer and keys

  function hintAt(clientX, clientY) {
    const box = layer.getBoundingClientRect();
    return list.hints.findLastIndex((hint) => {
      if (!isAt(hint, now())) return false;
      const [left, top] = zoom.toStage(hint.x, hint.y);
      return Math.hypot(left - (clientX - box.left), top - (clientY - box.top)) <= NEAR;
    });
  }

  let drag = null;
  layer.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const [x, y] = zoom.toPicture(event.clientX, event.clientY);
    if (picking) return pick(x, y);
    closePanel(true);
    const index = hintAt(event.clientX, event.clientY);
    layer.setPointerCapture(event.pointerId);
    drag = { index, before: list.hints, x: event.clientX, y: event.clientY, moved: false };
    if (index < 0) {
      point = [x, y];
      place();
    }
  });
  layer.addEventListener("pointermove", (event) => {
    if (!drag || !layer.hasPointerCapture(event.pointerId)) return;
    drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 4;
    const [x, y] = zoom.toPicture(event.clientX, event.clientY);
    if (drag.index < 0) {
      point = [x, y];
      place();
    } else if (drag.moved) {
      list.show(list.with(drag.index, { x, y }));
    }
  });
  layer.addEventListener("pointerup", () => {
    if (!drag) return;
    const { index, before: old, moved } = drag;
    drag = null;
    if (index < 0) {
      openAt(...point);
      ring.focus({ preventScroll: true });
    } else if (moved) {
      list.keep(old);
    } else {
      openPanel(index);
      markerOf(index).focus({ preventScroll: true });
    }
  });
  layer.addEventListener("pointercancel", () => {
    if (drag?.moved && drag.index >= 0) list.show(drag.before);
    drag = null;
  });

  ring.addEventListener("keydown", (event) => {
    const next = moved(point, event);
    if (next) {
      event.preventDefault();
      event.stopPropagation();
      if (!picking) closePanel(true);
      point = next;
      place();
    } else if (event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      if (picking) return pick(...point);
      openAt(...point);
      swatches.querySelector("button")?.focus();
    }
  });

  function onMarkerKey(event, index) {
    const next = moved([list.hints[index].x, list.hints[index].y], event);
    if (next) {
      event.preventDefault();
      event.stopPropagation();
      const [x, y] = next;
      if (isPanelOpen()) list.show(list.with(index, { x, y })); // one step with what is chosen there
      else list.change(list.with(index, { x, y }));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      closePanel(true);
      list.change(list.hints.filter((_, i) => i !== index));
      ring.focus({ preventScroll: true });
    }
  }

  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.closest("button, summary")) return;
    event.preventDefault();
    closePanel(true);
    ring.focus({ preventScroll: true });
  });

  document.addEventListener("keydown", (event) => {
    if (!isOpen() || isTyping(event.target)) return;
    if (event.key === "Escape") {
      event.preventDefault();
      if (isPanelOpen()) {
        closePanel(false);
        ring.focus({ preventScroll: true });
      } else {
        toggle(false);
        $("touch").focus();
      }
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      closePanel(true);
      if (event.shiftKey) list.redo();
      else list.undo();
    }
  });

  /** Words and numbers are written elsewhere on the page, and have an undo of their own. */
  const isTyping = (element) => element.matches("textarea, select, [type=number]");

  // buttons

  $("touch-own").addEventListener("input", (event) => setColour(event.target.value));
  $("touch-own").addEventListener("change", (event) => remember(event.target.value));
  $("touch-reach").addEventListener("input", (event) => {
    list.show(list.with(chosen, { reach: 2 ** Number(event.target.value) }));
  });
  $("touch-picture").addEventListener("click", () => {
    picking = true;
    layer.classList.add("is-picking");
    say("Click the picture where it has the colour you want, or move the ring there and press Enter.");
    ring.focus({ preventScroll: true });
  });
  $("touch-off").addEventListener("click", () => {
    list.show(list.with(chosen, { off: !list.hints[chosen].off }));
    refreshChosen();
  });
  $("touch-remove").addEventListener("click", () => {
    const index = chosen;
    list.show(list.hints.filter((_, i) => i !== index));
    closePanel(true);
    ring.focus({ preventScroll: true });
  });
  $("touch-done").addEventListener("click", () => {
    closePanel(true);
    ring.focus({ preventScroll: true });
  });
  $("touch-undo").addEventListener("click", () => {
    closePanel(true);
    list.undo();
  });
  $("touch-redo").addEventListener("click", () => {
    closePanel(true);
    list.redo();
  });
  const clear = (event) => {
    event.preventDefault();
    closePanel(true);
    list.change([]);
  };
  $("touch-clear").addEventListener("click", clear);
  $("hints-clear").addEventListener("click", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) clear(event);
  });

  function toggle(open) {
    if (open === isOpen()) return;
    if (!open) closePanel(true);
    layer.hidden = panel.hidden = !open;
    $("touch").setAttribute("aria-pressed", open);
    if (open) divider = slider.value;
    slider.value = open ? 0 : divider;
    if (!open) return;
    onOpen();
    explain();
    drawMarkers();
  }
  $("touch").addEventListener("click", () => {
    toggle(!isOpen());
    if (isOpen()) ring.focus({ preventScroll: true });
  });

  refreshSteps(); // the address may have brought places along
  return {
    place,
    close: () => toggle(false),
    isOpen,
    /** The picture is of another moment now. */
    move() {
      closePanel(true);
      drawMarkers();
    },
    /** Those that count at a time of the film. */
    hintsAt: (time) => list.hints.filter((hint) => !hint.off && isAt(hint, time)),
    /** Add the hints to the parameters of a picture. */
    addTo(parameters) {
      for (const hint of list.hints) parameters.append(hint.off ? "off" : "hint", textOf(hint));
    },
  };
}
