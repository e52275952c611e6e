// Sending files to the API, with a line of progress for each.

import { Problem, pause, post } from "./api.js";

const AT_ONCE = 2;
const TRIES = 60; // while the server says that waiting helps

/** Send files and go on to their page; what is refused stays in sight with its reason. */
export async function uploadAll(files, limits, view) {
  if (files.length > limits.files) {
    throw new Error(`These are ${files.length} files; at most ${limits.files} can be added at a time.`);
  }
  const lines = files.map((file) => addLine(file));
  view.list.replaceChildren(...lines.map((line) => line.element));
  view.onward.hidden = true;
  view.panel.hidden = false;
  view.summary.textContent = files.length > 1 ? `Sending ${files.length} files…` : "Sending…";

  const batch = files.length > 1 ? await post(view.batches, {}) : null;
  const taken = [];
  const waiting = files.map((file, i) => [file, lines[i]]);
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [file, line] = next;
      try {
        taken.push(await patiently(file, batch?.id, limits, line, view.photos));
        line.say("Sent", "done");
      } catch (problem) {
        line.say(problem.message, "failed");
      }
      if (batch) view.summary.textContent = `${taken.length} of ${files.length} sent.`;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));

  const page = batch?.links.page ?? taken[0]?.links.page;
  if (taken.length === files.length) {
    location.assign(page);
  } else if (taken.length) {
    view.summary.textContent = `${taken.length} of ${files.length} were taken.`;
    view.onward.href = page;
    view.onward.hidden = false;
    view.onward.focus();
  } else {
    view.summary.textContent = files.length > 1 ? "None of these could be taken." : "This file could not be taken.";
  }
}

async function patiently(file, batch, limits, line, address) {
  if (file.size > limits.megabytes * 1e6) {
    throw new Problem(413, `The file has ${Math.ceil(file.size / 1e6)} MB; at most ${limits.megabytes} MB are taken.`);
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await send(address, file, batch, line.progress);
    } catch (problem) {
      if (!problem.isTemporary || attempt === TRIES) throw problem;
      line.say(`${problem.message} Trying again…`, "waiting");
      await pause(1000 * (problem.retryAfter || 2));
      line.say("Sending…", "sending");
    }
  }
}

// XMLHttpRequest, because fetch does not tell how much has been sent.
function send(address, file, batch, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("file", file, file.name || "photograph");
    if (batch) body.append("batch", batch);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status === 201) return resolve(request.response);
      const detail = request.response?.detail ?? `The server answered with ${request.status}.`;
      const retryAfter = Number(request.getResponseHeader("Retry-After")) || 0;
      reject(new Problem(request.status, detail, retryAfter));
    });
    request.addEventListener("error", () => {
      reject(new Problem(0, "The server cannot be reached."));
    });
    request.open("POST", address);
    request.setRequestHeader("Accept", "application/json");
    request.send(body);
  });
}

function addLine(file) {
  const element = document.createElement("li");
  const name = document.createElement("span");
  name.className = "upload-name";
  name.textContent = file.name || "photograph";
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", `${name.textContent}: sent`);
  const state = document.createElement("span");
  state.className = "upload-state";
  state.textContent = "Sending…";
  element.append(name, bar, state);
  return {
    element,
    progress: (share) => { bar.value = share; },
    say(text, kind) {
      state.textContent = text;
      element.dataset.state = kind;
      if (kind === "done") bar.value = 1;
      if (kind === "failed") bar.remove();
    },
  };
}
