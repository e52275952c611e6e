// What was dropped: files, and the files in folders.

/** All files of a DataTransfer; to be called while its event is handled. Hidden ones in folders,
 *  whose names begin with a point, are left out. */
export async function filesOf(transfer) {
  const files = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  return entries.some((entry) => entry.isDirectory) ? walk(entries) : files;
}

async function walk(entries) {
  const found = [];
  for (const entry of entries.filter(({ name }) => !name.startsWith("."))) {
    if (entry.isDirectory) found.push(...(await walk(await list(entry.createReader()))));
    else found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
  }
  return found;
}

async function list(reader) {
  const found = [];
  for (let more = true; more; ) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    found.push(...some); // it gives them out a hundred at a time
    more = some.length > 0;
  }
  return found;
}
