// Asking the server: JSON in, JSON out; a problem becomes an Error with its sentence.

import { forget } from "./kept.js";

export class Problem extends Error {
  constructor(status, detail, retryAfter = 0, type = "") {
    super(detail);
    this.status = status;
    this.type = type;
    this.retryAfter = retryAfter; // seconds; 0: waiting is no help
  }

  get isTemporary() {
    return this.retryAfter > 0 || [0, 429, 503].includes(this.status);
  }
}

const OFFLINE = "The server cannot be reached. Check the connection.";

export async function problemOf(response) {
  const retryAfter = Number(response.headers.get("Retry-After")) || 0;
  let detail = `The server answered with ${response.status}.`;
  let type = "";
  if (response.headers.get("Content-Type")?.includes("json")) {
    const body = await response.json().catch(() => ({}));
    detail = body.detail || body.title || detail;
    type = body.type || type;
  }
  return new Problem(response.status, detail, retryAfter, type);
}

// Who deletes what the page shows is on the way to another page. Until that page comes nothing more
// is asked for: the answer would be that it is gone. Who goes on using this one has stopped the
// browser on the way: what waited is asked for then.
let leaving = new AbortController();
let stayed = Promise.resolve();
export const isLeaving = () => leaving.signal.aborted;
document.querySelector(".farewell form")?.addEventListener("submit", () => {
  forget(document.querySelector("#main").dataset.page);
  leaving.abort();
  stayed = new Promise((done) => {
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, done, { capture: true, once: true });
  }).then(() => {
    leaving = new AbortController();
  });
});
addEventListener("pageshow", () => isLeaving() && location.reload()); // brought back by the browser

export async function ask(url, options = {}) {
  if (isLeaving()) await stayed;
  let response;
  try {
    const headers = { Accept: "application/json" };
    response = await fetch(url, { headers, signal: leaving.signal, ...options });
  } catch (error) {
    if (error.name === "AbortError" && isLeaving()) return ask(url, options);
    throw new Problem(0, OFFLINE);
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function askJson(url, options) {
  return (await ask(url, options)).json();
}

export function post(url, body) {
  return askJson(url, {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/**
 * What `work` answers, tried again for as long as the server says that waiting helps and `isWanted()`;
 * null once it is not. `say(text)` tells what is wrong meanwhile.
 */
export async function patiently(work, isWanted, say) {
  while (isWanted()) {
    try {
      return await work();
    } catch (problem) {
      if (!isWanted()) break;
      if (!problem.isTemporary) throw problem;
      say(`${problem.message} Trying again…`);
      await pause(1000 * (problem.retryAfter || 2));
    }
  }
  return null;
}
