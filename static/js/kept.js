// What was last chosen on a page, kept in this browser: its bare address leads back to it.

const KEY = "chosen"; // address of a page -> query, what was chosen last at the end
const MOST = 600; // pages: more than a batch has photographs
const NOTHING = "?"; // chosen: none of what is chosen for all

/** Of every page where something was chosen: its address and the query, see `kept`. */
export function keptPages() {
  try {
    return new Map(JSON.parse(localStorage.getItem(KEY)) ?? []);
  } catch {
    return new Map(); // the browser keeps nothing for this site, or something else did
  }
}

function store(pages) {
  try {
    localStorage.setItem(KEY, JSON.stringify([...pages].slice(-MOST)));
  } catch {
    // Then the browser's own history is the only way back.
  }
}

function sorted(query) {
  const parameters = new URLSearchParams(query);
  parameters.sort();
  return parameters.toString();
}

/**
 * The query that was last chosen on a page, with its question mark, which is all of it where nothing
 * of what is chosen for all was wanted; empty if nothing was chosen.
 */
export const kept = (page) => keptPages().get(page) ?? "";

/** Remember the query of a page, unless it is that of `common`, the page of its batch. */
export function keep(page, query, common) {
  const pages = keptPages();
  pages.delete(page);
  if (sorted(query) !== sorted(pages.get(common) ?? "")) pages.set(page, query || NOTHING);
  store(pages);
}

/** What was chosen on these pages is not wanted any more. */
export function forget(...gone) {
  const pages = keptPages();
  for (const page of gone) pages.delete(page);
  store(pages);
}

/** On to what was chosen here, if this is the bare address of the page. */
export function restore(page, common) {
  if (location.search) return keep(page, location.search, common);
  const query = kept(page);
  if (!query || query === NOTHING) return;
  forget(page); // a query that the server refuses must not come back for ever
  location.replace(page + query);
}
