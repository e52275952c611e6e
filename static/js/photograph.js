// The page of one photograph: the picture follows the controls, and waits where the network works.

import { ask, askJson, pause, post } from "./api.js";
import { describeDivider } from "./compare.js";
import { connectControls, connectOutput, withQuery } from "./controls.js";
import { localiseTimes } from "./dates.js";
import { kept } from "./kept.js";
import { connectLayer } from "./layer.js";
import { swap } from "./pictures.js";
import { connectProbe } from "./probe.js";
import { connectRanges } from "./ranges.js";
import { connectTouch } from "./touch.js";
import { connectWaiting } from "./waiting.js";
import { connectWords } from "./words.js";
import { connectZoom } from "./zoom.js";

const THROTTLE = 120; // ms between two pictures that a moving slider asks for
const SETTLE = 700; // ms until a setting of the network is taken as meant: a key may follow
const GONE = "This photograph has been deleted or its time is up.";
const LENDER_NOT_READY = "urn:colorizer:problem:lender-not-ready";
const LENDER_GONE = "The photograph whose colours were to be taken has been deleted; they are left off.";
const POLL = 700; // ms between two looks at a working network

const $ = (id) => document.getElementById(id);
const main = $("main");
const { page, api } = main.dataset;
const stage = $("stage");
const slider = $("compare");
const [before, after] = [$("before"), $("after")];

stage.style.setProperty("--ratio", main.dataset.width / main.dataset.height);
localiseTimes();
describeDivider(slider);
connectRanges();
const waiting = connectWaiting($("waiting"));

const form = $("settings");
let probe = null;
let touch = null;
const addTo = (query) => touch?.addTo(query);
const controls = connectControls(form, page, onSettings, addTo, $("batch")?.dataset.href);
const output = connectOutput(form);
const buttons = { in: $("zoom-in"), out: $("zoom-out"), fit: $("zoom-fit") };
const zoom = connectZoom(stage, slider, buttons, () => {
  probe?.place();
  touch?.place();
});
probe = connectProbe({
  button: $("ask"), layer: $("probe"), ring: $("crosshair"), section: $("colours"),
  list: $("colours-list"), hint: $("colours-hint"), api, zoom,
  query: () => controls.query("predict"),
  onOpen: () => touch.close(),
});
touch = connectTouch({
  api: () => api, zoom, slider, picture: after,
  query: () => controls.query("predict"),
  onOpen: () => probe.close(),
  onChange() {
    controls.refresh();
    onSettings("render");
  },
});

const words = connectWords({
  address: main.dataset.words,
  query: () => controls.query("predict"),
  layers: [...document.querySelectorAll(".found")],
  layerOf: (parameters) => withQuery(`${page}/found.png`, parameters),
  onWords() {
    controls.refresh();
    onSettings("render");
  },
});

const legend = $("legend");
const showUnsure = connectLayer([$("overlay")], (text) => {
  if (legend.textContent !== text) legend.textContent = text;
});
const isUnsureWanted = () => $("unsure").getAttribute("aria-pressed") === "true";

$("unsure").addEventListener("click", () => {
  $("unsure").setAttribute("aria-pressed", !isUnsureWanted());
  refreshUnsure();
});

async function refreshUnsure() {
  const isShown = isUnsureWanted() && main.dataset.state === "ready";
  const address = withQuery(`${page}/uncertainty.png`, controls.query("predict"));
  const isSeen = await showUnsure(isShown ? address : "");
  if (isSeen) legend.textContent = legend.dataset.text;
  if (isSeen === false) $("unsure").setAttribute("aria-pressed", false);
}

function say(text, busy = false) {
  if ($("status").textContent !== text) $("status").textContent = text;
  $("status").dataset.busy = busy;
}

function setState(state) {
  main.dataset.state = state;
  const ready = state === "ready" && !main.dataset.kept;
  $("download").hidden = state !== "ready";
  $("failed").hidden = state !== "failed";
  for (const button of [$("touch"), $("ask"), $("unsure")]) button.disabled = !ready;
  if (ready) return;
  words.refresh(false);
  refreshUnsure();
  probe.close();
  touch.close();
}

// The preview: one request at a time, and after it the latest wish. What was overtaken is never
// asked for, so the server renders nothing in vain.
let timer = 0;
let working = false;
let wanted = false;
let isMoving = false;
let notice = ""; // what was done unasked, until something else is wanted

/** The ways to its batch: as that was left, or with what is chosen here. */
function pointToBatch() {
  if (!$("batch")) return;
  const { href } = $("batch").dataset;
  $("batch").href = href + kept(href);
  $("like-this").href = withQuery(href, controls.ofAny());
  $("farewell").action = `${page}/delete${kept(href)}`;
}

function onSettings(stageOfChange) {
  notice = "";
  $("again").action = withQuery(`${page}/again`, controls.query());
  if ($("turn")) {
    $("turn").action = withQuery(`${page}/turn`, controls.query());
    $("negative").formAction = withQuery(`${page}/negative`, controls.query());
  }
  if ($("mounted")) $("mounted").action = withQuery(`${page}/whole`, controls.query());
  pointToBatch();
  if (stageOfChange === "predict") return void wait(SETTLE);
  timer ||= setTimeout(() => {
    timer = 0;
    showPreview();
  }, THROTTLE);
}

/** Show what the controls say now; false if it could not be, or is left to an earlier call. */
async function showPreview() {
  wanted = true;
  if (working || main.dataset.state !== "ready") return false;
  let shown = false;
  working = true;
  while (wanted) {
    wanted = false;
    waiting.begin();
    try {
      const response = await ask(withQuery(`${page}/preview.jpg`, controls.query()));
      await swap(after, await response.blob());
      main.dataset.coloured = "true";
      shown = true;
      say(notice);
      words.refresh();
    } catch (problem) {
      waiting.end();
      shown = false;
      const lacksColours = problem.status === 409 && problem.type !== LENDER_NOT_READY;
      if (lacksColours || problem.status === 404) {
        if (problem.status === 404 && (await leaveOffLender())) {
          wanted = true;
          continue;
        }
        working = false;
        if (problem.status === 404) showFailure(problem);
        else wait();
        return false;
      }
      say(problem.message);
      words.refresh();
      if (problem.isTemporary) {
        wanted = true;
        await pause(1000 * (problem.retryAfter || 2));
      }
    }
  }
  waiting.end();
  working = false;
  return shown;
}

/** Whether it was another photograph, not this one, that is gone; its colours are left off then. */
async function leaveOffLender() {
  const lender = $("reference");
  if (!lender?.value) return false;
  try {
    await ask(api);
  } catch {
    return false;
  }
  lender.selectedOptions[0].remove();
  lender.value = "";
  controls.refresh();
  onSettings("render");
  notice = LENDER_GONE;
  return true;
}

// Waiting for the network: only the newest wait counts.
let turn = 0;

async function wait(delay = 0) {
  const mine = ++turn;
  if (main.dataset.state === "ready") say("Choosing the colours anew…", true);
  setState("working");
  await pause(delay);
  while (mine === turn) {
    try {
      const photo = await askJson(withQuery(api, controls.query("predict")));
      if (mine !== turn) return;
      if (photo.bit_depth && !before.src) showScan(photo.bit_depth);
      showWarnings(photo.warnings);
      showKept(photo.kept);
      if ($("mounted") && photo.mount) $("mounted").hidden = false;
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
      if (!problem.isTemporary) return showFailure(problem);
      say(problem.message, true);
      await pause(1000 * problem.retryAfter);
    }
    await pause(POLL);
  }
}

/** The scan has been opened: now it can be seen, and its bits are known. */
function showScan(bits) {
  before.src = after.src = `${page}/grey.jpg`;
  $("bits").textContent = `, ${bits} bits`;
  output.setDepth(bits);
}

/** What is odd or damaged about the file. */
function showWarnings(warnings) {
  const lines = warnings.map((warning) => {
    const line = document.createElement("li");
    line.textContent = warning;
    return line;
  });
  $("warnings").replaceChildren(...lines);
  $("warnings").hidden = !lines.length;
}

/** Whether the photograph keeps its own colours, so that there is nothing to set. */
function showKept(kept) {
  if (kept) main.dataset.kept = "true";
  else delete main.dataset.kept;
  $("kept").hidden = $("own-colours").hidden = !kept;
  $("own-lightness").hidden = kept;
}

async function finish() {
  setState("ready");
  const shown = await showPreview();
  if (main.dataset.state !== "ready") return;
  refreshUnsure();
  probe.refresh();
  if (!shown || notice) return;
  const done = "The colours are ready.";
  say(done);
  setTimeout(() => $("status").textContent === done && say(""), 4000);
}

/** `problem`: the document of a failed prediction, or the Error of a refused request. */
function showFailure(problem) {
  const gone = problem?.status === 404;
  if (gone && isMoving) return;
  const hadFocus = document.querySelector(":is(#settings, #tools, #stage, #touch-panel) :focus");
  setState("failed");
  $("failed-title").textContent = problem?.title ?? (gone ? "No longer here" : "This did not work");
  $("failed-detail").textContent = gone ? GONE : (problem?.detail ?? problem?.message ?? "");
  const leftOut = problem?.type === "urn:colorizer:problem:left-out";
  const cutOff = problem?.type === "urn:colorizer:problem:corrupt-image";
  $("failed-note").hidden = $("again").hidden = gone || leftOut;
  $("repaint").hidden = !leftOut;
  $("salvage").hidden = !(cutOff && main.dataset.salvageable);
  say(`${$("failed-title").textContent}. ${$("failed-detail").textContent}`); // seen in the notice
  if (hadFocus) $("failed-title").focus();
}

// What is turned, made a positive, or coloured with its mount, gets another address: it is asked for
// once, and then gone from here.
for (const way of [$("turn"), $("mounted")]) {
  way?.addEventListener("submit", (event) => {
    if (isMoving) event.preventDefault();
    isMoving = true;
    const isTurned = event.submitter?.name === "degrees";
    say(isTurned ? "Turning the photograph…" : "Choosing the colours anew…", true);
  });
}
addEventListener("pageshow", () => { isMoving = false; });

form.addEventListener("submit", ({ submitter }) => {
  if (!submitter?.hasAttribute("formaction")) return;
  $("making").textContent = "Making the full-size picture; the download starts by itself.";
  setTimeout(() => ($("making").textContent = ""), 10_000);
});

pointToBatch();
setState(main.dataset.state);
if (main.dataset.state === "ready") words.refresh();
if (["queued", "working", "missing"].includes(main.dataset.state)) wait();
