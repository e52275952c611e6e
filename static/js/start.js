// The start page: photographs and films by drop, paste, picker or camera; each sent on its own.

import { describeDivider } from "./compare.js";
import { filesOf } from "./dropped.js";
import { insistOnPictures } from "./pictures.js";
import { connectUpload } from "./upload.js";

const $ = (id) => document.getElementById(id);
const form = $("upload");
const curtain = $("curtain");
const uploads = connectUpload(
  {
    panel: $("uploads"), summary: $("uploads-summary"), list: $("uploads-list"),
    onward: $("uploads-continue"), again: $("uploads-again"),
    photos: form.dataset.photos, batches: form.dataset.batches, films: form.dataset.films,
    choices: () => ({ colour: $("colour").value, salvage: $("salvage").checked, negative: $("negative").checked }),
  },
  {
    megabytes: Number(form.dataset.maxMb), files: Number(form.dataset.maxBatch),
    filmMegabytes: Number(form.dataset.maxFilmMb),
    filmSuffixes: form.dataset.filmSuffixes?.split(" "),
    photoSuffixes: form.dataset.photoSuffixes?.split(" "),
  },
);
let sending = false;

describeDivider(document.querySelector("img-comparison-slider"));
if ($("recent")) insistOnPictures($("recent"));

const say = (text) => { $("problem").textContent = text; };
const hold = (event) => event.preventDefault(); // the browser asks before it leaves

if (!navigator.cookieEnabled) say("Cookies are off. Allow them for this site: by one, it knows that your photographs are yours.");

/** Do `work`, one at a time, and go to the page that it returns. */
async function send(work) {
  if (sending) return say("Wait until these are sent, then add more.");
  sending = true;
  form.classList.add("is-sending");
  window.addEventListener("beforeunload", hold);
  say("");
  let page = null;
  try {
    page = await work();
    say("");
  } catch (problem) {
    say(problem.message);
  }
  window.removeEventListener("beforeunload", hold);
  if (page) return location.assign(page);
  sending = false;
  form.classList.remove("is-sending");
  $("files").value = $("camera").value = "";
}

const take = (files) => files.length && send(() => uploads.begin([...files]));

async function takeDropped(transfer) {
  try {
    const files = await filesOf(transfer);
    if (!files.length) return say("There are no files in what was dropped.");
    take(files);
  } catch {
    say("What was dropped cannot be read.");
  }
}

for (const input of [$("files"), $("camera")]) {
  input.addEventListener("change", () => take(input.files));
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  take($("files").files);
});
$("uploads-again").addEventListener("click", () => send(uploads.again));
document.addEventListener("paste", (event) => take(event.clipboardData.files));

// The whole page is a drop zone. `dragleave` also comes when the pointer passes between elements.
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
let depth = 0;
document.addEventListener("dragenter", (event) => {
  if (!hasFiles(event)) return;
  depth += 1;
  curtain.hidden = false;
});
document.addEventListener("dragleave", () => {
  depth = Math.max(depth - 1, 0);
  if (!depth) curtain.hidden = true;
});
document.addEventListener("dragover", (event) => {
  if (hasFiles(event)) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  depth = 0;
  curtain.hidden = true;
  takeDropped(event.dataTransfer);
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // back from a photograph, which is now one of "yours"
});
