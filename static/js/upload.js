// Sending files to the API, with a line of progress for each.

import { Problem, askJson, pause, post } from "./api.js";

const AT_ONCE = 2;
const TRIES = 60; // while the server says that waiting helps
const TRIES_OFFLINE = 4; // while it does not answer at all

/** What sends files and says in `view` how far it is. Its functions return the address of the page
 *  to go on to, or null if something was refused: that stays in sight, with its reason. */
export function connectUpload(view, limits) {
  let lines = [];
  let batch = null;
  let turn = Promise.resolve();
  // What the start page leads back to is in a cookie, which each answer writes anew: of two at once
  // the later one would forget the other. A batch is remembered when it is made.
  const inTurn = (work) => (turn = turn.then(work, work));
  const taken = () => lines.filter((line) => line.photo).map((line) => line.photo);
  const say = (text) => { view.summary.textContent = text; };

  async function begin(files) {
    if (files.length > limits.files) {
      throw new Error(`These are ${files.length} files; at most ${limits.files} can be added at a time.`);
    }
    const choices = view.choices();
    lines = files.map((file, place) => newLine(file, isFilm(file), { ...choices, place }));
    view.list.replaceChildren(...lines.map((line) => line.element));
    view.panel.hidden = false;
    view.onward.hidden = view.again.hidden = true;
    say("Sending…");
    batch = null;
    return sendAll(lines);
  }

  /** Photographs that come together get a batch; if it cannot be made none of them can be sent. */
  async function sendAll(wanted) {
    view.onward.hidden = view.again.hidden = true;
    try {
      const together = lines.filter((line) => !line.isFilm).length > 1;
      if (together) batch ??= await insist(() => post(view.batches, {}), say);
    } catch (problem) {
      for (const line of wanted) {
        line.problem = problem;
        line.say("Not sent", "failed");
      }
      return conclude();
    }
    return sendEach(wanted);
  }

  async function sendEach(wanted) {
    say(lines.length > 1 ? `Sending ${wanted.length} files…` : "Sending…");
    const waiting = [...wanted];
    const worker = async () => {
      for (let line = waiting.shift(); line; line = waiting.shift()) {
        await sendOne(line);
        if (lines.length > 1) say(`${taken().length} of ${lines.length} sent.`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return conclude();
  }

  async function sendOne(line) {
    line.say("Sending…", "sending");
    try {
      line.photo = await patiently(line, batch?.id);
      line.problem = null;
      line.say("Sent", "done");
    } catch (problem) {
      line.problem = problem;
      line.say(lines.length > 1 ? problem.message : "Not taken", "failed");
      view.list.prepend(line.element);
    }
  }

  /** Films and photographs by what their files are called; what the server says counts more. */
  const isFilm = ({ name, type }) => Boolean(view.films) && !type.startsWith("image/") &&
    (type.startsWith("video/") || limits.filmSuffixes.some((end) => name.toLowerCase().endsWith(end)));

  /** What is too large for a photograph is tried as a film, unless it is called a picture. */
  const mayBeFilm = (file) => !isFilm(file) && !file.type.startsWith("image/") &&
    !limits.photoSuffixes.some((end) => file.name.toLowerCase().endsWith(end));

  async function patiently(line, batch) {
    try {
      return await insistOn(line, batch);
    } catch (problem) {
      const isTooLarge = problem.status === 413 && mayBeFilm(line.file) && line.file.size > limits.megabytes * 1e6;
      if (!(problem.status === 415 || isTooLarge) || !view.films) throw problem;
      line.isFilm = !line.isFilm; // it may be called what it is not
      try {
        return await insistOn(line, batch);
      } catch (other) {
        line.isFilm = !line.isFilm;
        throw other.status === 415 ? problem : other;
      }
    }
  }

  function insistOn(line, batch) {
    const { size } = line.file;
    const most = line.isFilm ? limits.filmMegabytes : limits.megabytes;
    if (size > most * 1e6) {
      throw new Problem(413, `The file has ${Math.ceil(size / 1e6)} MB; at most ${most} MB are taken.`);
    }
    const work = async () => {
      if (line.isFilm) return inTurn(() => send(view.films, line));
      if (!batch) return inTurn(() => send(view.photos, line));
      const there = line.problem?.status === 0 && await arrived(line);
      return there || send(view.photos, line, batch).catch((problem) => {
        line.problem = problem;
        throw problem;
      });
    };
    return insist(work, line.say);
  }

  /** The photograph that a line became although no answer came; null if it cannot be told. */
  async function arrived(line) {
    const isLike = ({ name, size }) => name === line.file.name && size === line.file.size;
    if (lines.filter(({ file }) => isLike(file)).length > 1) return null;
    const { photos } = await askJson(batch.links.self);
    return photos.find(({ name, bytes }) => isLike({ name, size: bytes })) ?? null;
  }

  /** Do something again for as long as the server says that waiting helps. */
  async function insist(work, say) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (problem) {
        const tries = problem.status ? TRIES : TRIES_OFFLINE;
        if (!problem.isTemporary || attempt >= tries) throw problem;
        say(`${problem.message} Trying again…`, "waiting");
        await pause(1000 * (problem.retryAfter || 2));
        say("Sending…", "sending");
      }
    }
  }

  function conclude() {
    const photos = taken();
    const inBatch = batch && lines.some((line) => line.photo && !line.isFilm);
    const page = inBatch ? batch.links.page : photos[0]?.links.page;
    const isMixed = inBatch || lines.some((line) => !line.isFilm);
    if (photos.length === lines.length && !(isMixed && lines.some((line) => line.isFilm))) return page;
    view.again.hidden = !lines.some(canPass);
    view.onward.hidden = !photos.length;
    if (photos.length) view.onward.href = page;
    const others = lines.filter(({ photo, isFilm }) => photo && photo.links.page !== page && (isFilm || !inBatch));
    const kind = others.some((line) => line.isFilm) ? "films" : "photograph";
    const more = others.length ? ` The first page leads to the ${kind}.` : "";
    if (lines.length === 1) say(lines[0].problem.message);
    else if (photos.length === lines.length) say(`All were taken.${more}`);
    else if (!photos.length && lines.every((line) => line.problem === lines[0].problem)) say(lines[0].problem.message);
    else say(photos.length ? `${photos.length} of ${lines.length} were taken.${more}` : "None of these could be taken.");
    (photos.length ? view.onward : view.again).focus();
    return null;
  }

  return { begin, again: () => sendAll(lines.filter(canPass)) };
}

/** Whether a line failed for a reason that may have gone by now: the file itself is not it. */
const canPass = ({ problem }) => problem && (problem.isTemporary || problem.status >= 500);

// XMLHttpRequest, because fetch does not tell how much has been sent.
function send(address, { file, isFilm, wishes, progress, say }, batch) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("file", file, file.name || "photograph");
    for (const [name, value] of isFilm ? [] : Object.entries(wishes)) body.append(name, value);
    if (batch) body.append("batch", batch);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.upload.addEventListener("load", () => isFilm && say("Looking through it…", "sending"));
    request.addEventListener("load", () => {
      if (request.status === 201) return resolve(request.response);
      const detail = request.response?.detail ?? `The server answered with ${request.status}.`;
      const retryAfter = Number(request.getResponseHeader("Retry-After")) || 0;
      reject(new Problem(request.status, detail, retryAfter));
    });
    request.addEventListener("error", () => {
      reject(new Problem(0, "The server cannot be reached, or the file cannot be read."));
    });
    request.open("POST", address);
    request.setRequestHeader("Accept", "application/json");
    request.send(body);
  });
}

/** `wishes`: what is wanted of a photograph, as the API calls it. */
function newLine(file, isFilm, wishes) {
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
  state.textContent = "Waiting";
  element.append(name, bar, state);
  return {
    file,
    isFilm,
    wishes,
    element,
    photo: null, // once it is taken
    problem: null, // if it was refused
    progress: (share) => { bar.value = share; },
    say(text, kind) {
      state.textContent = text;
      element.dataset.state = kind;
      if (kind === "done") bar.value = 1;
      bar.hidden = kind === "failed";
    },
  };
}
