// "Touch up": markers on the picture, and a panel for the colour of one place.

import { dim, onPress } from "./buttons.js";
import { clamp, inWords, moved } from "./points.js";
import { nameOfHint } from "./colour-names.js";
import { withQuery } from "./controls.js";
import { HintList, isAt, parse, shown, textOf } from "./hint-list.js";
import { connectSwatches } from "./swatches.js";

const IS_COARSE = matchMedia("(pointer: coarse)").matches;

const WORDS = IS_COARSE
  ? { place: "Tap what has the wrong colour.", choose: "Choose a colour for this place, then Done." }
  : {
      place: "Click what has the wrong colour, or move the ring with the arrow keys and press Enter.",
      choose: "Choose a colour for this place. Enter keeps it, Escape leaves.",
    };
const NEAR = 14; // px around a marker that are its own
const STILL = 300; // ms without another until something is told: a key may be held down

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
  const swatches = connectSwatches({
    group: $("touch-swatches"),
    onChoose: setColour,
    say,
    onCome() {
      explain();
      bringPanelUp();
    },
  });
  const address = new URLSearchParams(location.search);
  const given = (name, off) => address.getAll(name).map((text) => parse(text, off)).filter(Boolean);
  const list = new HintList([...given("hint", false), ...given("off", true)], refresh);
  let point = [0.5, 0.5];
  let chosen = -1; // number of the hint whose panel is open
  let before = null; // the hints as they were when the panel was opened
  let picking = false;
  let telling = 0;
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
    $("hints-count").textContent = placesHave(count);
    refreshSteps();
    drawMarkers();
    onChange();
  }

  function refreshSteps() {
    dim($("touch-undo"), !list.past.length && (!before || before === list.hints));
    dim($("touch-redo"), !list.future.length);
    dim($("touch-clear"), !list.hints.length);
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
      const kind = `${nameOfHint(hint.colour)}${hint.off ? ", switched off" : ""}`;
      marker.setAttribute("aria-label", `Place ${i + 1}: ${kind}. Enter changes it, arrows move it`);
      marker.style.backgroundColor = shown(hint.colour);
      marker.addEventListener("keydown", (event) => onMarkerKey(event, i));
      marker.addEventListener("focus", () => reveal(marker, hint.x, hint.y));
      marker.addEventListener("click", (event) => event.detail === 0 && openPanel(i));
      layer.append(marker);
    });
    place();
    if (focused) (markerOf(Number(focused)) ?? ring).focus({ preventScroll: true });
  }

  /** What keys come to is brought into sight; pointers go by what is. */
  function reveal(element, x, y) {
    if (element.matches(":focus-visible")) zoom.reveal(x, y);
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
    if ($("touch-help").textContent !== text) $("touch-help").textContent = text;
  }

  /** Tell those who do not see the picture what has happened; the latest counts. */
  function tell(text) {
    clearTimeout(telling);
    telling = setTimeout(() => { $("touch-said").textContent = text; }, STILL);
  }

  /** Tell it, and how many places there are now. */
  function tellStep(what) {
    const count = list.hints.length;
    tell(`${what} ${count ? placesHave(count) : "No place has"} a colour of yours.`);
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
    showReach();
    refreshChosen();
    explain();
    drawMarkers();
    swatches.offer(suggestions());
    bringPanelUp();
  }

  /** Where the likely colours of the place are. */
  function suggestions() {
    const parameters = query();
    parameters.set("x", point[0].toFixed(4));
    parameters.set("y", point[1].toFixed(4));
    return withQuery(`${api()}/colours`, parameters);
  }

  /** On a phone the panel may be below the window. */
  function bringPanelUp() {
    if (IS_COARSE) $("touch-swatches").scrollIntoView({ block: "nearest" });
  }

  function showReach() {
    const reach = $("touch-reach");
    const times = Number((2 ** reach.value).toFixed(2));
    reach.setAttribute("aria-valuetext", times === 1 ? "as far as usual" : `${times} times as far as usual`);
  }

  /** The buttons that need a hint at the place. */
  function refreshChosen() {
    const hint = list.hints[chosen];
    $("touch-off").textContent = hint?.off ? "Switch on" : "Switch off";
    for (const id of ["touch-off", "touch-remove", "touch-reach"]) $(id).disabled = !hint;
    swatches.mark(hint?.colour ?? "");
  }

  /** Close it: keep what was chosen, or go back to what was there. */
  function closePanel(keep) {
    if (!isPanelOpen()) return;
    const [old, changed] = [before, list.hints];
    before = null;
    chosen = -1;
    picking = false;
    layer.classList.remove("is-picking");
    swatches.stop();
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
    tell(`Place ${chosen + 1}: ${nameOfHint(colour)}.`);
    if (colour.startsWith("#")) $("touch-own").value = colour;
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
    swatches.remember(colour);
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

  ring.addEventListener("focus", () => reveal(ring, ...point));
  ring.addEventListener("keydown", (event) => {
    const next = moved(point, event);
    if (next) {
      event.preventDefault();
      event.stopPropagation();
      if (!picking) closePanel(true);
      point = next;
      zoom.reveal(...point);
      place();
      tell(inWords(point));
    } else if (event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      if (picking) return pick(...point);
      openAt(...point);
      $("touch-swatches").querySelector("button")?.focus();
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
      tell(`Place ${index + 1}: ${inWords(next)}`);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      closePanel(true);
      list.change(list.hints.filter((_, i) => i !== index));
      tellStep("Removed.");
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
    } else if ((event.ctrlKey || event.metaKey) && ["z", "y"].includes(event.key.toLowerCase())) {
      event.preventDefault();
      if (event.shiftKey || event.key.toLowerCase() === "y") redo();
      else undo();
    }
  });

  /** Words and numbers are written elsewhere on the page, and have an undo of their own. */
  const isTyping = (element) => element.matches("textarea, select, [type=number]");

  // buttons

  $("touch-own").addEventListener("input", (event) => setColour(event.target.value));
  $("touch-own").addEventListener("change", (event) => swatches.remember(event.target.value));
  $("touch-reach").addEventListener("input", (event) => {
    showReach();
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
    tell(`Place ${chosen + 1} is switched ${list.hints[chosen].off ? "off" : "on"}.`);
  });
  $("touch-remove").addEventListener("click", () => {
    const index = chosen;
    list.show(list.hints.filter((_, i) => i !== index));
    closePanel(true);
    tellStep("Removed.");
    ring.focus({ preventScroll: true });
  });
  $("touch-done").addEventListener("click", () => {
    closePanel(true);
    ring.focus({ preventScroll: true });
  });
  function undo() {
    closePanel(true);
    const isThere = list.past.length > 0;
    list.undo();
    tellStep(isThere ? "Undone." : "Nothing to undo.");
  }

  function redo() {
    closePanel(true);
    const isThere = list.future.length > 0;
    list.redo();
    tellStep(isThere ? "Done again." : "Nothing to redo.");
  }

  function clear() {
    closePanel(true);
    list.change([]);
    tellStep("Removed; Undo brings them back.");
  }

  onPress($("touch-undo"), undo);
  onPress($("touch-redo"), redo);
  onPress($("touch-clear"), clear);
  $("hints-clear").addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    clear();
    (isOpen() ? ring : $("touch")).focus({ preventScroll: true }); // the link goes away with the places
  });

  function toggle(open) {
    if (open === isOpen()) return;
    if (!open) closePanel(true);
    layer.hidden = panel.hidden = !open;
    $("touch").setAttribute("aria-pressed", open);
    if (open) divider = slider.value;
    slider.value = open ? 0 : divider;
    if (!open) return;
    point = zoom.inSight(...point);
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

/** "One place has", "3 places have": the words go on. */
function placesHave(count) {
  return count === 1 ? "One place has" : `${count} places have`;
}
