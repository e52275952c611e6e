// What was last chosen on a page, kept in this browser: its bare address leads back to it.

const KEY = "chosen"; // address of a page -> query, what was chosen last at the end
const MOST = 100; // pages

function all() {
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

/** The query that was last chosen on a page, with its question mark; empty if it is none. */
export const kept = (page) => all().get(page) ?? "";

/** Whether something was chosen on `page`, and not on `other` since. */
export function isNewer(page, other) {
  const pages = [...all().keys()];
  return pages.indexOf(page) > pages.indexOf(other);
}

/** Remember the query of a page: as the latest, unless it is what was there. */
export function keep(page, query) {
  const pages = all();
  if ((pages.get(page) ?? "") === query) return;
  pages.delete(page);
  if (query) pages.set(page, query);
  store(pages);
}

/** On to what was chosen here, if this is the bare address of the page. */
export function restore(page) {
  if (location.search) return keep(page, location.search);
  const query = kept(page);
  if (!query) return;
  keep(page, ""); // a query that the server refuses must not come back for ever
  location.replace(page + query);
}
