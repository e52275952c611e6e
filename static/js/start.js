// The start page: photographs by drop, paste, picker or camera; each sent on its own.

import { describeDivider } from "./compare.js";
import { uploadAll } from "./upload.js";

const $ = (id) => document.getElementById(id);
const form = $("upload");
const curtain = $("curtain");
const limits = { megabytes: Number(form.dataset.maxMb), files: Number(form.dataset.maxBatch) };
let sending = false;

describeDivider(document.querySelector("img-comparison-slider"));

async function take(files) {
  if (!files.length || sending) return;
  sending = true;
  form.classList.add("is-sending");
  $("problem").textContent = "";
  try {
    await uploadAll([...files], limits, {
      panel: $("uploads"), summary: $("uploads-summary"), list: $("uploads-list"),
      onward: $("uploads-continue"), photos: form.dataset.photos, batches: form.dataset.batches,
    });
  } catch (problem) {
    $("problem").textContent = problem.message;
  } finally {
    sending = false;
    form.classList.remove("is-sending");
    $("files").value = $("camera").value = "";
  }
}

for (const input of [$("files"), $("camera")]) {
  input.addEventListener("change", () => take(input.files));
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  take($("files").files);
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) take(event.clipboardData.files);
});

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
  take(event.dataTransfer.files);
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) $("uploads").hidden = true; // back from a photograph
});
