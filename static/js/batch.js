// The page of many photographs: every tile follows its photograph, and all follow the settings.

import { askJson, isLeaving, pause, post } from "./api.js";
import { connectControls, connectOutput, withQuery } from "./controls.js";
import { localiseTimes } from "./dates.js";
import { forget, keptPages } from "./kept.js";
import { insistOnPictures } from "./pictures.js";
import { connectRanges } from "./ranges.js";
import { connectWaiting } from "./waiting.js";
import { connectWords } from "./words.js";

const POLL = 1500; // ms
const SETTLE = 700; // ms until a setting is taken as meant: there are many pictures to make anew
const NEAR = 500; // px around the window in which browsers ask for pictures
const $ = (id) => document.getElementById(id);
const { page, api, busy } = $("main").dataset;
const form = $("settings");
const tiles = new Map([...document.querySelectorAll(".tile")].map((tile) => [tile.dataset.id, tile]));

localiseTimes();
connectRanges();
const controls = connectControls(form, page, onSettings);
connectOutput(form);
const words = connectWords({
  address: $("main").dataset.words,
  query: () => new URLSearchParams(),
  onWords() {
    controls.refresh();
    onSettings("render");
  },
});
words.refresh();
insistOnPictures($("grid"));
for (const event of ["pageshow", "storage"]) addEventListener(event, showOwn); // back from one, or in another tab
$("same").addEventListener("click", () => {
  forget(...withOwn().map(pageOf));
  showOwn();
  $("zip").focus();
});

let own = keptPages(); // what was chosen on the photographs' own pages
let timer = 0;
let lookingUp = 0;
let turn = 0; // only the newest loop that follows counts
let anew = false; // whether the network has to look again

function onSettings(stage) {
  if (stage === "predict") {
    anew = true;
    turn += 1; // what is on its way is about other colours
    for (const tile of tiles.values()) setState(tile, { state: "missing" });
  }
  words.refresh();
  for (const tile of tiles.values()) pointTo(tile); // who opens one now means it with this
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (isLeaving()) return;
    for (const tile of tiles.values()) showPicture(tile);
    if (anew) follow();
    anew = false;
    refreshWaiting();
  }, SETTLE);
}

const waiting = connectWaiting($("waiting"));

/** Tell of pictures that are on their way; those that are far out of sight are asked for later. */
function refreshWaiting() {
  const isNear = (img) => {
    const { top, bottom } = img.getBoundingClientRect();
    return bottom > -NEAR && top < innerHeight + NEAR;
  };
  const pictures = [...document.querySelectorAll(".tile[data-state=ready] img")];
  if (pictures.some((img) => !img.complete && isNear(img))) waiting.begin();
  else waiting.end();
}

$("grid").addEventListener("load", refreshWaiting, { capture: true });
$("grid").addEventListener("error", () => {
  refreshWaiting();
  clearTimeout(lookingUp);
  lookingUp = setTimeout(follow, SETTLE); // a photograph may have been removed elsewhere
}, { capture: true });

const pageOf = (tile) => tile.querySelector("a").dataset.href;
const withOwn = () => [...tiles.values()].filter((tile) => own.has(pageOf(tile)));

/** An address with what was chosen for one photograph, on its own page, or else for all. */
const addressOf = (tile, address) => own.has(pageOf(tile))
  ? address + own.get(pageOf(tile)) : withQuery(address, controls.query());

function pointTo(tile) {
  for (const way of tile.querySelectorAll("a")) way.href = addressOf(tile, way.dataset.href);
}

function showPicture(tile) {
  pointTo(tile);
  const picture = tile.dataset.state === "ready"
    ? addressOf(tile, `${pageOf(tile)}/preview.jpg`)
    : tile.dataset.preview && `${pageOf(tile)}/grey.jpg`;
  const img = tile.querySelector("img");
  if (picture && img.getAttribute("src") !== picture) img.src = picture;
}

function setState(tile, photo) {
  tile.dataset.state = photo.state;
  const text = stateText(photo);
  const element = tile.querySelector(".tile-state");
  if (element.textContent !== text) element.textContent = text;
}

/** Which have colours of their own is told, and they are shown with them. */
function showOwn() {
  own = keptPages();
  for (const tile of tiles.values()) showPicture(tile);
  const count = withOwn().length;
  $("own").hidden = !count;
  $("own-count").textContent = count === 1 ? "One has the colours" : `${count} have the colours`;
}

// What was chosen for single photographs is too long for an address.
$("zip").addEventListener("click", (event) => {
  const others = withOwn();
  if (!others.length) return;
  event.preventDefault();
  const sent = $("zip-own");
  const fields = [...new FormData(form), ...others.map((tile) => ["own", tile.dataset.id + own.get(pageOf(tile))])];
  for (const field of sent.querySelectorAll("[data-sent]")) field.remove();
  for (const [name, value] of fields) {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name, value });
    field.dataset.sent = "";
    sent.append(field);
  }
  sent.submit();
});

const isLeftOut = ({ problem }) => problem?.type === "urn:colorizer:problem:left-out";

function stateText({ state, position, problem, kept }) {
  if (kept) return "Keeps its own colours";
  if (state === "ready") return "In colour";
  if (state === "failed") return problem?.detail ?? "Failed.";
  if (state === "queued") return position ? `Waiting, number ${position}` : "Waiting";
  return "Choosing the colours…";
}

function update(batch) {
  const photos = new Map(batch.photos.map((photo) => [photo.id, photo]));
  for (const [id, tile] of tiles) {
    const photo = photos.get(id);
    if (photo) {
      if (photo.bit_depth) tile.dataset.preview = "true";
      setState(tile, photo);
      showPicture(tile);
    } else {
      if (tile.contains(document.activeElement)) $("main").focus();
      tile.remove();
      tiles.delete(id);
    }
  }
  const total = photos.size;
  const { ready = 0, failed = 0 } = batch.counts;
  const done = ready + failed === total;
  const title = `${total} photograph${total === 1 ? "" : "s"}`;
  say($("batch-title"), title);
  document.title = `${title} · Colorizer`;
  const leftOut = batch.photos.filter(isLeftOut).length;
  const rest = [[leftOut, "left out"], [failed - leftOut, "failed"]].filter(([count]) => count);
  say($("batch-status"), [`${ready} of ${total} in colour`, ...rest.map((part) => part.join(" "))].join(", ") + ".");
  say($("zip"), done ? "Download ZIP" : `Download ZIP (${ready} of ${total} so far)`);
  $("batch-progress").max = total || 1;
  $("batch-progress").value = ready + failed;
  $("batch-progress").hidden = done;
  $("download").hidden = !ready;
  return !done;
}

function showGone() {
  clearTimeout(lookingUp);
  say($("batch-status"), "This batch has been deleted or its time is up.");
  $("download").hidden = $("batch-progress").hidden = true;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

async function follow() {
  const mine = ++turn;
  for (let more = true; more && mine === turn; ) {
    try {
      const batch = await askJson(withQuery(api, controls.query("predict")));
      if (mine !== turn) return;
      more = update(batch);
      if (batch.counts.missing) {
        const { model, working_size } = controls.values();
        await post(`${api}/predictions`, { model, working_size });
      }
    } catch (problem) {
      if (mine !== turn) return;
      if (problem.status === 404) return showGone();
      say($("batch-status"), problem.message);
      more = problem.isTemporary;
      await pause(1000 * problem.retryAfter);
    }
    if (more) await pause(POLL);
  }
}

if (busy === "true") follow();
