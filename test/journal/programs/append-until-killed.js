// Appends to a journal until it is killed, and prints on standard output what was acknowledged:
// `A <index> <producer> <seq>` after an answer, `T <position>` before a trim.
// Arguments: directory, and optionally a step at which to kill itself: <kind> <count> <before|after>.
import { writeSync } from 'node:fs';

/** @typedef {typeof import('../../../src/journal/index.ts')} Room */
/** @typedef {import('../../../src/journal/index.ts').Files} Files */
/** @typedef {import('../../../src/journal/index.ts').OpenFile} OpenFile */
const built = new URL('../../../build/journal/index.js', import.meta.url).href;
const { Journal, nodeFiles } = /** @type {Room} */ (await import(built));
const [directory = '', kind, count, when] = process.argv.slice(2);

let left = Number(count);
/** @type {<T>(name: string, effect: () => Promise<T>) => Promise<T>} */
const step = async (name, effect) => {
  const dies = name === kind && --left === 0;
  if (dies && when === 'before') process.kill(process.pid, 'SIGKILL');
  const result = await effect();
  if (dies) process.kill(process.pid, 'SIGKILL');
  return result;
};
/** @type {(file: OpenFile) => OpenFile} */
const watched = (file) => ({
  ...file,
  writev: (parts, position) => step('writev', () => file.writev(parts, position)),
  datasync: () => step('datasync', () => file.datasync()),
  truncate: (length) => step('truncate', () => file.truncate(length)),
});
/** @type {Files} */
const files = {
  ...nodeFiles,
  create: (path) => step('create', async () => watched(await nodeFiles.create(path))),
  openToWrite: async (path) => watched(await nodeFiles.openToWrite(path)),
  rename: (from, to) => step('rename', () => nodeFiles.rename(from, to)),
  unlink: (path) => step('unlink', () => nodeFiles.unlink(path)),
  openDirectory: async (path) => {
    const handle = await nodeFiles.openDirectory(path);
    return { sync: () => step('syncDirectory', () => handle.sync()), close: () => handle.close() };
  },
};

const journal = await Journal.open({
  directory,
  files,
  segmentBytes: 200_000,
  maxBytes: 100_000_000,
  minFreeBytes: 0,
  recentBytes: 50_000,
});

/** @param {number} number */
async function send(number) {
  const producer = new Uint8Array(16).fill(number);
  let seq = journal.lastSeq(producer);
  /** @type {Promise<void>[]} */
  let window = [];
  for (;;) {
    const prev = seq;
    seq += 1;
    const body = Buffer.alloc(20 + ((seq * 7_919) % 9_000), `${number}/${seq} `);
    const sent = seq;
    window.push(
      journal.append({ body, records: 1, origin: { producer, seq, prev } }).then((answer) => {
        if (answer.kind !== 'accepted') throw new Error(`${answer.kind} for ${sent}`);
        writeSync(1, `A ${answer.index} ${number} ${sent}\n`);
      }),
    );
    if (window.length < 4) continue;
    await Promise.all(window);
    window = [];
  }
}

async function sink() {
  const reader = journal.reader(0);
  const { signal } = new AbortController();
  let expected = 0;
  for (;;) {
    for (const { index, body } of await reader.next(100_000, signal)) {
      if (expected > 0 && index !== expected) throw new Error(`read ${index}, expected ${expected}`);
      if (!/^[0-9]+\/[0-9]+ /.test(Buffer.from(body).toString('latin1', 0, 20)))
        throw new Error('a strange body');
      expected = index + 1;
    }
    const position = Math.max(1, reader.position - 150);
    writeSync(1, `T ${position}\n`);
    await journal.trim(position);
  }
}

await Promise.all([send(1), send(2), send(3), sink()]);
