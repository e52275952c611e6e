// The page of many photographs: every tile follows its photograph, and all follow the settings.

import { askJson, pause, post } from "./api.js";
import { connectControls, connectOutput, withQuery } from "./controls.js";
import { localiseTimes } from "./dates.js";

const POLL = 1500; // ms
const DEBOUNCE = 400; // ms: there are many pictures to make anew
const $ = (id) => document.getElementById(id);
const { page, api, busy } = $("main").dataset;
const form = $("settings");
const tiles = new Map([...document.querySelectorAll(".tile")].map((tile) => [tile.dataset.id, tile]));

localiseTimes();
const controls = connectControls(form, page, onSettings);
connectOutput(form);

let timer = 0;
let turn = 0;

function onSettings(stage) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    for (const tile of tiles.values()) showPicture(tile);
    if (stage === "predict") follow();
  }, DEBOUNCE);
}

function showPicture(tile) {
  const link = tile.querySelector("a");
  link.href = withQuery(link.dataset.href, controls.query());
  const picture = tile.dataset.state === "ready"
    ? withQuery(`${link.dataset.href}/preview.jpg`, controls.query())
    : tile.dataset.preview && `${link.dataset.href}/grey.jpg`;
  const img = tile.querySelector("img");
  if (picture && img.getAttribute("src") !== picture) img.src = picture;
}

// A picture that was refused for being one of too many is asked for again, a little later.
$("grid").addEventListener(
  "error",
  async ({ target }) => {
    const address = target.getAttribute("src");
    await pause(3000 + 4000 * Math.random());
    if (target.getAttribute("src") === address) {
      target.removeAttribute("src");
      target.src = address;
    }
  },
  { capture: true },
);

function stateText({ state, position, problem }) {
  if (state === "ready") return "In colour";
  if (state === "failed") return problem?.detail ?? "Failed.";
  if (state === "queued") return position ? `Waiting, number ${position}` : "Waiting";
  return "Choosing the colours…";
}

function update(batch) {
  for (const photo of batch.photos) {
    const tile = tiles.get(photo.id);
    if (!tile) continue;
    tile.dataset.state = photo.state;
    if (photo.bit_depth) tile.dataset.preview = "true";
    tile.querySelector(".tile-state").textContent = stateText(photo);
    showPicture(tile);
  }
  const total = batch.photos.length;
  const { ready = 0, failed = 0 } = batch.counts;
  const text = `${ready} of ${total} in colour${failed ? `, ${failed} failed` : ""}.`;
  if ($("batch-status").textContent !== text) $("batch-status").textContent = text;
  $("batch-progress").value = ready + failed;
  $("batch-progress").hidden = ready + failed === total;
  $("download").hidden = !ready;
  return ready + failed < total;
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
      $("batch-status").textContent = problem.message;
      more = problem.isTemporary;
      await pause(1000 * problem.retryAfter);
    }
    if (more) await pause(POLL);
  }
}

if (busy === "true") follow();
