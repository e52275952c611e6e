// The page of one photograph: the picture follows the controls, and waits where the network works.

import { ask, askJson, pause, post } from "./api.js";
import { describeDivider } from "./compare.js";
import { connectControls, connectOutput, withQuery } from "./controls.js";
import { localiseTimes } from "./dates.js";
import { connectProbe } from "./probe.js";
import { connectZoom } from "./zoom.js";

const DEBOUNCE = 60; // ms between the last movement of a slider and the picture that is asked for
const POLL = 700; // ms between two looks at a working network

const $ = (id) => document.getElementById(id);
const main = $("main");
const { page, api } = main.dataset;
const stage = $("stage");
const slider = $("compare");
const [before, after, overlay] = [$("before"), $("after"), $("overlay")];

stage.style.setProperty("--ratio", main.dataset.width / main.dataset.height);
localiseTimes();
describeDivider(slider);

const form = $("settings");
const controls = connectControls(form, page, onSettings);
connectOutput(form);
const buttons = { in: $("zoom-in"), out: $("zoom-out"), fit: $("zoom-fit") };
let probe = null;
const zoom = connectZoom(stage, slider, buttons, () => probe?.place());
probe = connectProbe({
  button: $("ask"), layer: $("probe"), ring: $("crosshair"), section: $("colours"),
  list: $("colours-list"), hint: $("colours-hint"), api, zoom,
  query: () => controls.query("predict"),
});

$("unsure").addEventListener("click", () => {
  const shown = overlay.hidden;
  $("unsure").setAttribute("aria-pressed", shown);
  overlay.hidden = $("legend").hidden = !shown;
  refreshOverlay();
});

function refreshOverlay() {
  if (!overlay.hidden) overlay.src = withQuery(`${page}/uncertainty.png`, controls.query("predict"));
}

function say(text, busy = false) {
  $("status").textContent = text;
  $("status").dataset.busy = busy;
}

function setState(state) {
  main.dataset.state = state;
  const ready = state === "ready";
  $("download").hidden = !ready;
  $("failed").hidden = state !== "failed";
  for (const button of [$("ask"), $("unsure")]) button.disabled = !ready;
  if (!ready) probe.close();
}

// The preview: one request at a time, and after it the latest wish. What was overtaken is never
// asked for, so the server renders nothing in vain.
let timer = 0;
let working = false;
let wanted = false;

function onSettings(stageOfChange) {
  $("again").action = withQuery(`${page}/again`, controls.query());
  if (stageOfChange === "predict") return void wait();
  clearTimeout(timer);
  timer = setTimeout(showPreview, DEBOUNCE);
}

async function showPreview() {
  wanted = true;
  if (working || main.dataset.state !== "ready") return;
  working = true;
  while (wanted) {
    wanted = false;
    try {
      const response = await ask(withQuery(`${page}/preview.jpg`, controls.query()));
      await show(after, await response.blob());
      main.dataset.coloured = "true";
      say("");
    } catch (problem) {
      if (problem.status === 409) {
        working = false;
        return void wait();
      }
      say(problem.message);
      if (problem.isTemporary) {
        wanted = true;
        await pause(1000 * (problem.retryAfter || 2));
      }
    }
  }
  working = false;
}

/** Put a picture into an <img> once it is decoded, so that nothing flickers. */
async function show(img, blob) {
  const address = URL.createObjectURL(blob);
  const next = new Image();
  next.src = address;
  await next.decode();
  const old = img.src;
  img.src = address;
  if (old.startsWith("blob:")) URL.revokeObjectURL(old);
}

// Waiting for the network: only the newest wait counts.
let turn = 0;

async function wait() {
  const mine = ++turn;
  if (main.dataset.state === "ready") say("Choosing the colours anew…", true);
  setState("working");
  while (mine === turn) {
    try {
      const photo = await askJson(withQuery(api, controls.query("predict")));
      if (mine !== turn) return;
      if (photo.bit_depth && !before.src) before.src = after.src = `${page}/grey.jpg`;
      if (photo.state === "missing") {
        const { model, working_size } = controls.values();
        await post(`${api}/predictions`, { model, working_size });
      } else if (photo.state === "failed") {
        return showFailure(photo.problem);
      } else if (photo.state === "ready") {
        return await finish();
      } else {
        setState(photo.state);
        say(photo.state === "queued" && photo.position
          ? `Waiting: number ${photo.position} in the queue.` : "Choosing the colours…", true);
      }
    } catch (problem) {
      if (mine !== turn) return;
      if (!problem.isTemporary) return showFailure({ title: "This did not work", detail: problem.message });
      say(problem.message, true);
      await pause(1000 * problem.retryAfter);
    }
    await pause(POLL);
  }
}

async function finish() {
  setState("ready");
  await showPreview();
  refreshOverlay();
  probe.refresh();
  const done = "The colours are ready.";
  say(done);
  setTimeout(() => $("status").textContent === done && say(""), 4000);
}

function showFailure(problem) {
  setState("failed");
  $("failed-title").textContent = problem?.title ?? "This did not work";
  $("failed-detail").textContent = problem?.detail ?? "";
  say("");
}

setState(main.dataset.state);
if (["queued", "working", "missing"].includes(main.dataset.state)) wait();
