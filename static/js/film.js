// The page of a film: one moment follows the controls, the versions tell how far they are.

import { ask, askJson, pause, post } from "./api.js";
import { describeDivider } from "./compare.js";
import { connectControls, withQuery } from "./controls.js";
import { localiseTimes } from "./dates.js";
import { textOf } from "./hint-list.js";
import { insistOnPictures, swap } from "./pictures.js";
import { connectPlayer } from "./player.js";
import { connectRanges } from "./ranges.js";
import { connectTouch } from "./touch.js";
import { connectWaiting } from "./waiting.js";
import { connectWords } from "./words.js";
import { connectZoom } from "./zoom.js";

const POLL = 1000; // ms between two looks
const SETTLE = 1000; // ms without a change until all moments are shown with it
const GONE = "This film has been deleted or its time is up.";
const LENDER_GONE = "The photograph whose colours were to be taken has been deleted.";

const $ = (id) => document.getElementById(id);
const main = $("main");
const { page } = main.dataset;

localiseTimes();
connectRanges();
const player = connectPlayer({
  section: $("player"), screen: $("screen"), video: $("film"), grip: $("grip"), divider: $("divide"),
});

// Moments: links that are followed here without a new page.
const moments = [...document.querySelectorAll("#moments a")];
let chosen = moments.find((link) => link.hasAttribute("aria-current"));

let touch = null;

const controls = connectControls($("settings"), page, onSettings, (query) => {
  if (chosen) query.set("still", chosen.dataset.still);
  touch?.addTo(query);
});

const words = connectWords({
  address: main.dataset.words,
  query: () => new URLSearchParams(),
  onWords() {
    controls.refresh();
    onSettings();
  },
});
words.refresh();

function onSettings() {
  words.refresh();
  if ($("colour")) $("colour").action = withQuery($("colour").dataset.action, controls.query());
  for (const link of moments) {
    const query = controls.query();
    query.set("still", link.dataset.still);
    link.href = withQuery(page, query);
    showPlaces(link);
  }
  if (chosen) {
    $("as-photograph").href = withQuery(chosen.dataset.page, queryOf(chosen));
    refresh();
    refreshAll();
  }
}

const hintsAt = ({ dataset }) => touch?.hintsAt(Number(dataset.time)) ?? [];

/** What a moment is rendered with as a photograph. */
function queryOf(link) {
  const query = controls.query();
  for (const name of ["still", "hint", "off"]) query.delete(name);
  for (const hint of hintsAt(link)) query.append("hint", textOf({ ...hint, time: null }));
  return query;
}

const previewOf = (link) => withQuery(`${link.dataset.page}/preview.jpg`, queryOf(link));

/** How many places of a moment have a colour of somebody's. */
function showPlaces(link) {
  const count = hintsAt(link).length;
  link.querySelector(".places").hidden = !count;
  link.querySelector(".places-count").textContent = count;
}

for (const link of moments) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(link);
  });
}

function choose(link) {
  chosen.removeAttribute("aria-current");
  chosen = link;
  link.setAttribute("aria-current", "true");
  $("still").value = link.dataset.still;
  $("before").src = $("after").src = `${link.dataset.page}/grey.jpg`;
  touch.move();
  controls.refresh();
  onSettings();
}

function say(text, busy = false) {
  if ($("status").textContent !== text) $("status").textContent = text;
  $("status").dataset.busy = busy;
}

// The picture: one request at a time, and after it the latest wish.
const coloured = new Set(); // predictions that are known to be there
const waiting = $("waiting") && connectWaiting($("waiting"));
let looking = false;
let wanted = false;

async function refresh() {
  wanted = true;
  if (looking) return;
  looking = true;
  while (wanted) {
    wanted = false;
    try {
      if (await isColoured()) await showPreview();
    } catch (problem) {
      setState(problem.isTemporary ? "working" : "failed");
      say(problem.status === 404 ? GONE : problem.message);
      if (problem.isTemporary) await lookAgain(problem.retryAfter);
    }
  }
  looking = false;
}

async function lookAgain(seconds = 0) {
  wanted = true;
  await pause(1000 * seconds || POLL);
}

function setState(state) {
  main.dataset.state = state;
  $("touch").disabled = state !== "ready";
  if (state === "failed") touch.close();
}

const predictionOf = ({ dataset }) => withQuery(dataset.api, controls.query("predict"));

/** Whether the chosen moment has colours by these settings' network; asks for them if not. */
async function isColoured() {
  const address = predictionOf(chosen);
  if (coloured.has(address)) return true;
  const { api } = chosen.dataset;
  const { state, problem } = await askJson(address);
  if (state === "ready") {
    coloured.add(address);
    return true;
  }
  setState(state);
  if (state === "failed") {
    say(problem.detail);
    return false;
  }
  say("Choosing the colours…", true);
  if (state === "missing") {
    const { model, working_size } = controls.values();
    await post(`${api}/predictions`, { model, working_size });
  }
  await lookAgain();
  return false;
}

async function showPreview() {
  const link = chosen;
  waiting.begin();
  try {
    const picture = await (await ask(previewOf(link))).blob();
    if (link !== chosen) return;
    await swap($("after"), picture);
  } catch (problem) {
    throw problem.status === 404 && $("reference")?.value ? new Error(LENDER_GONE) : problem;
  } finally {
    waiting.end();
  }
  setState("ready");
  main.dataset.coloured = "true";
  say("");
}

// All moments, small: once nothing has changed for a while, and as far as they have colours.
let turn = 0;

async function refreshAll() {
  const mine = ++turn;
  await pause(SETTLE);
  let isWaiting = false;
  for (const link of moments) {
    if (mine !== turn) return;
    const address = previewOf(link);
    if (link.dataset.shows === address) continue;
    try {
      const prediction = predictionOf(link);
      if (!coloured.has(prediction)) {
        const { state } = await askJson(prediction);
        isWaiting ||= state === "queued" || state === "working";
        if (state !== "ready") continue;
        coloured.add(prediction);
      }
      const picture = await (await ask(address)).blob();
      if (mine !== turn) return;
      await swap(link.querySelector("img"), picture);
      link.dataset.shows = address;
    } catch (problem) {
      if (!problem.isTemporary) return; // what is wrong is said of the chosen one
      isWaiting = true;
      break;
    }
  }
  if (isWaiting && mine === turn) refreshAll();
}

// The versions: the server writes the list, and what has changed of it is put in place.
const versionsIn = (part) => [...part.querySelectorAll(".version")];
const isBusy = ({ dataset }) => ["queued", "working"].includes(dataset.state);

// Whoever removes a version comes back to the page as it is.
$("versions").addEventListener("submit", ({ target }) => {
  target.action = withQuery(target.action.split("?")[0], controls.query());
});

async function follow() {
  while (versionsIn(document).some(isBusy)) {
    await pause(POLL);
    try {
      const answer = await ask(`${page}/versions`);
      update(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch (problem) {
      if (!problem.isTemporary) return void ($("news").textContent = problem.message);
      await pause(1000 * problem.retryAfter);
    }
  }
}

function update(latest) {
  const known = new Map(versionsIn(document).map((item) => [item.dataset.key, item]));
  for (const next of versionsIn(latest)) {
    const item = known.get(next.dataset.key);
    known.delete(next.dataset.key);
    if (!item) $("versions").prepend(next);
    else if (item.dataset.state !== next.dataset.state) take(item, next);
    else refreshNumbers(item, next);
  }
  for (const item of known.values()) item.remove();
}

/** A version has come to another state. */
function take(item, next) {
  const hadFocus = item.contains(document.activeElement);
  item.replaceWith(next);
  if (hadFocus) next.querySelector("a, button").focus();
  const { state, play } = next.dataset;
  if (!isBusy(next)) document.querySelector(".message-done")?.remove(); // the order is done with
  if (state === "ready") $("news").textContent = "The film has been coloured.";
  if (state === "failed") $("news").textContent = next.querySelector(".version-state").textContent;
  if (play && !player.isShown()) player.show(play);
}

function refreshNumbers(item, next) {
  const latest = [...next.querySelectorAll("[data-live]")];
  for (const [place, element] of [...item.querySelectorAll("[data-live]")].entries()) {
    if (element.tagName === "PROGRESS") element.value = latest[place].value;
    else if (element.textContent !== latest[place].textContent) {
      element.textContent = latest[place].textContent;
    }
  }
}

if (chosen) {
  const [stage, slider] = [$("stage"), $("compare")];
  stage.style.setProperty("--ratio", stage.dataset.width / stage.dataset.height);
  describeDivider(slider);
  insistOnPictures($("moments"));
  $("moments").scrollLeft = chosen.offsetLeft - $("moments").clientWidth / 2; // on a phone
  const buttons = { in: $("zoom-in"), out: $("zoom-out"), fit: $("zoom-fit") };
  const zoom = connectZoom(stage, slider, buttons, () => touch?.place());
  touch = connectTouch({
    api: () => chosen.dataset.api, zoom, slider, picture: $("after"),
    now: () => Number(chosen.dataset.time),
    query: () => controls.query("predict"),
    onChange() {
      controls.refresh();
      onSettings();
    },
  });
  setState(main.dataset.state);
  if (main.dataset.state !== "ready") refresh();
  if (moments.some((link) => !link.querySelector("img").src.includes("/preview.jpg"))) refreshAll();
}
follow();
