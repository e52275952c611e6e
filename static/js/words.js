// "Say what it was": a field for words, what was understood of them, and where each acts.

import { askJson } from "./api.js";
import { withQuery } from "./controls.js";
import { connectLayer } from "./layer.js";

const PAUSE = 700; // ms without a key until words are taken as meant

const $ = (id) => document.getElementById(id);

/**
 * Connect the field. `address` says what is understood; `query()` gives what a prediction depends
 * on; `onWords()` is called when other words are meant. `layers` are the <img> that show where a
 * phrase acts, and `layerOf(parameters)` is their address: both are left out where there is no picture.
 */
export function connectWords({ address, query, onWords, layers = [], layerOf = () => "" }) {
  const [field, amount, said] = [$("words"), $("words_amount"), $("words-said")];
  let meant = field.value;
  let asked = "";
  let pending = 0;
  let pinned = null;
  let pointed = null;
  const trouble = paragraph(""); // why it is not seen where a phrase acts
  const showLayer = connectLayer(layers, (text) => {
    if (trouble.textContent !== text) trouble.textContent = text;
  });
  const text = () => field.value.trim();
  const parameters = () => {
    const found = query();
    found.set("words", text());
    return found;
  };

  field.addEventListener("input", (event) => {
    event.stopPropagation(); // a word may not be finished yet
    clearTimeout(pending);
    pending = setTimeout(apply, PAUSE);
  });
  field.addEventListener("change", apply);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    apply();
  });

  function apply() {
    clearTimeout(pending);
    pending = 0;
    if (field.value === meant) return;
    meant = field.value;
    onWords();
  }

  /** Say what is understood of the words that are there now, once the picture is ready. */
  async function refresh(isReady = true) {
    if (!pending) meant = field.value; // else the end of the pause brings it
    amount.closest(".control").hidden = !text();
    const key = isReady && text() ? parameters().toString() : "";
    if (key === asked) return;
    asked = key;
    point(null, null);
    if (!key) return show([], "");
    try {
      const { understood, unknown } = await askJson(`${address}?${key}`);
      if (key === asked) show(understood, noteOf(understood, unknown));
    } catch (problem) {
      if (key !== asked) return;
      asked = "";
      show([], problem.message);
    }
  }

  function show(understood, note) {
    const parts = [];
    if (understood.length) {
      const list = document.createElement("ul");
      list.className = "phrases";
      list.append(...understood.map(itemOf));
      parts.push(paragraph(layers.length ? "Understood. Point at one, or tap it, to see where it acts:" : "Understood:"), list);
    }
    if (note) parts.push(paragraph(note));
    if (layers.length) parts.push(trouble);
    said.replaceChildren(...parts);
  }

  function itemOf(phrase, number) {
    // Of people hardly anything is coloured, so where they were looked for says nothing.
    const isPlace = layers.length && !phrase.everywhere && phrase.thing !== "person";
    const button = document.createElement(isPlace ? "button" : "span");
    button.className = "phrase";
    button.append(`${phrase.text} `);
    const more = detailsOf(phrase);
    if (more) {
      const small = document.createElement("small");
      small.textContent = more;
      button.append(small);
    }
    if (isPlace) {
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      const leave = () => point(pinned, null);
      button.addEventListener("mouseenter", () => point(pinned, number));
      button.addEventListener("mouseleave", leave);
      button.addEventListener("focus", () => point(pinned, number));
      button.addEventListener("blur", leave);
      button.addEventListener("click", () => point(pinned === number ? null : number, null));
      button.addEventListener("keydown", (event) => event.key === "Escape" && point(null, null));
    }
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  /** Show where a phrase acts: the one that is pointed at, or else the one that was chosen. */
  function point(newPinned, newPointed) {
    [pinned, pointed] = [newPinned, newPointed];
    const number = pointed ?? pinned;
    said.querySelectorAll(".phrases > li").forEach((item, i) => {
      item.querySelector("button")?.setAttribute("aria-pressed", i === pinned);
    });
    if (number === null) return void showLayer("");
    const wanted = parameters();
    wanted.set("number", number);
    showLayer(layerOf(wanted));
  }

  return { refresh };
}

function detailsOf({ text, thing, everywhere, found }) {
  const details = [];
  if (thing && !text.includes(thing)) details.push(`as ${thing}`);
  if (everywhere) details.push("the whole picture");
  else if (found === false) details.push("nowhere here");
  return details.join(", ");
}

function noteOf(understood, unknown) {
  if (unknown.length) return `Not understood: ${unknown.join(", ")}.`;
  return understood.length ? "" : "Nothing of this says a colour. “Red coat” or “autumn” would.";
}

function paragraph(text) {
  const element = document.createElement("p");
  element.className = "note";
  element.textContent = text;
  return element;
}
