// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the code of plugins
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { JournalEntry } from '../../src/component/index.ts';
import { decodeLogs, encodeDecoded } from '../../src/otlp/index.ts';
import { ProcessorChain, type ProcessorOptions } from '../../src/processors/index.ts';
import { processRequest } from '../../src/processors/process-request.ts';
import { folderForEachTest } from '../sinks/support/folder.ts';

const program = pathToFileURL(join(__dirname, '../../build/processors/processor-program.js'));
const folder = folderForEachTest();
const chains: ProcessorChain[] = [];
const logged: string[] = [];
const { signal } = new AbortController();

afterEach(async () => {
  await Promise.all(chains.splice(0).map((chain) => chain.close()));
  logged.length = 0;
});

function request(...bodies: readonly string[]): Uint8Array {
  const nothing = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
  const records = bodies.map((body) => ({
    ...{
      timeUnixNano: 1n,
      observedTimeUnixNano: 1n,
      severityNumber: 9,
      severityText: '',
      body,
      attributes: [],
    },
    ...{ droppedAttributesCount: 0, flags: 0, traceId: '', spanId: '', eventName: '' },
  }));
  return encodeDecoded({
    resources: [{ ...nothing, scopes: [{ ...nothing, name: 's', version: '', records }] }],
  });
}

function entry(index: number, ...bodies: readonly string[]): JournalEntry {
  return { index, receivedMillis: 1, records: bodies.length, body: request(...bodies) };
}

/** Processors whose `process` is this code: the record is `r`, its body `r.body`. */
function chainOf(
  ...codes: readonly (string | (Partial<ProcessorOptions> & { readonly code: string }))[]
): ProcessorChain {
  const processors = codes.map((given, at): ProcessorOptions => {
    const { code, ...more } = typeof given === 'string' ? { code: given } : given;
    const file = join(folder(), `p${at}.mjs`);
    writeFileSync(
      file,
      `let calls = 0;
      const each = (group, f) => [{ ...group, records: group.records.flatMap((r) => f(r)) }];
      export const plugin = { burstlog: 1, processors: [{ type: 'x', meaning: '', options: {},
        make: (options, { name }) => { ${code} } }] };`,
    );
    return {
      ...{ name: `p${at}`, type: 'x', module: pathToFileURL(file).href, options: {}, program },
      ...{ onError: 'deadLetter', timeoutMillis: 10_000, ...more },
    };
  });
  const chain = new ProcessorChain(processors, { emit: (_severity, message) => logged.push(message) });
  chains.push(chain);
  return chain;
}

function bodiesOf(entries: readonly JournalEntry[]): unknown[] {
  return entries.flatMap(({ body }) =>
    decodeLogs(body).resources.flatMap(({ scopes }) =>
      scopes.flatMap(({ records }) => records.map((r) => r.body)),
    ),
  );
}

const process = (code: string) => `return { process: ${code} }`;

test('processors change, add and drop records, one after the other, and dropped ones are counted', async () => {
  const chain = chainOf(
    process(
      'async (group) => each(group, (r) => (r.body === "no" ? [] : [{ ...r, body: `${r.body} ${name}` }]))',
    ),
    process('(group) => each(group, (r) => [r, { ...r, body: `${r.body} twice` }])'),
  );
  const processed = await chain.process([entry(1, 'a', 'no', 'b'), entry(2, 'no')], signal, false);
  expect(bodiesOf(processed.entries)).toEqual(['a p0', 'a p0 twice', 'b p0', 'b p0 twice']);
  expect(processed.entries).toMatchObject([{ index: 1, records: 4 }]);
  expect(processed).toMatchObject({ filtered: { p0: 2 }, rejected: [] });
  expect(chain.stats()).toMatchObject([
    { name: 'p0', batches: 2, records: 2, failures: 0 },
    { name: 'p1', batches: 1, records: 4, failures: 0 },
  ]);
});

test('an entry is processed once for all sinks, and again when it is requested much later', async () => {
  const chain = chainOf(
    process('(group) => { calls += 1; return each(group, (r) => [{ ...r, body: `${calls} ${r.body}` }]) }'),
  );
  const ask = async (index: number) =>
    (await chain.process([entry(index, 'x'.repeat(2_500_000))], signal, false)).entries[0];
  const [first, same] = await Promise.all([ask(1), ask(1)]);
  expect(same).toBe(first);
  await ask(2);
  expect(await ask(1)).toBe(first);
  for (const index of [3, 4, 5, 6, 7]) await ask(index);
  expect(bodiesOf([(await ask(1))!])).toEqual([`8 ${'x'.repeat(2_500_000)}`]);
});

test('rejected results use the result cache like others', async () => {
  const chain = chainOf(process('() => { calls += 1; throw new Error(`call ${calls}`) }'));
  const ask = async (index: number) =>
    (await chain.process([entry(index, 'x'.repeat(2_500_000))], signal, false)).rejected[0]?.error.message;
  expect(await ask(1)).toContain('call 1');
  expect(await ask(1)).toContain('call 1');
  for (const index of [2, 3, 4, 5, 6, 7]) await ask(index);
  expect(await ask(1)).toContain('call 8');
});

test('a message of a module to a process manager is not taken for a reply', async () => {
  const chain = chainOf(
    'globalThis.process.send?.("ready"); ' +
      process('(group) => { globalThis.process.send?.({ kind: "processed" }); return [group] }'),
  );
  const { entries } = await chain.process([entry(1, 'a'), entry(2, 'b')], signal, false);
  expect(bodiesOf(entries)).toEqual(['a', 'b']);
});

test('a chain is closed at once while a processor is still starting', async () => {
  const chain = chainOf('return new Promise(() => {})');
  const processed = chain.process([entry(1, 'a')], signal, false);
  const rejected = expect(processed).rejects.toThrow('the process ended with SIGKILL');
  await new Promise((done) => setImmediate(done));
  await chain.close();
  await rejected;
  await expect(chain.process([entry(2, 'b')], signal, false)).rejects.toThrow('the processor is closed');
});

test('a batch for which a processor throws is rejected, and the others continue', async () => {
  const chain = chainOf(
    process('(group) => each(group, (r) => { if (r.body === "bad") throw new Error("no"); return [r] })'),
  );
  const { entries, rejected } = await chain.process(
    [entry(1, 'a'), entry(2, 'b', 'bad'), entry(3, 'c')],
    signal,
    false,
  );
  expect(bodiesOf(entries)).toEqual(['a', 'c']);
  expect(rejected).toMatchObject([
    {
      entry: { index: 2, records: 2, isUnprocessed: true },
      error: { rejected: true, cause: 'processor', message: expect.stringContaining('processor p0: no') },
    },
  ]);
  expect(bodiesOf([rejected[0]!.entry])).toEqual(['b', 'bad']);
});

test('a replayed dead letter is processed only if it was not processed before', async () => {
  const chain = chainOf(process('(group) => each(group, (r) => [{ ...r, body: r.body + "!" }])'));
  const { entries } = await chain.process(
    [{ ...entry(1, 'a'), isUnprocessed: true }, entry(2, 'b')],
    signal,
    true,
  );
  expect(bodiesOf(entries)).toEqual(['a!', 'b']);
  expect(entries.map((each) => 'isUnprocessed' in each)).toEqual([false, false]);
});

test.each([
  ['never gives way', 'while (true);', 'no reply within'],
  ['ends its process', 'globalThis.process.exit(3)', 'the process ended with 3'],
  [
    'is killed, as for its memory,',
    'globalThis.process.kill(globalThis.process.pid, "SIGKILL")',
    'ended with SIGKILL',
  ],
])(
  'a processor that %s is started again, and its batch is rejected the second time',
  async (what, code, why) => {
    const timeoutMillis = what === 'never gives way' ? 2_000 : 10_000;
    const chain = chainOf({
      code: process(`(group) => { if (group.records[0].body === "bad") { ${code} } return [group] }`),
      timeoutMillis,
    });
    const bad = entry(1, 'bad');
    await expect(chain.process([bad], signal, false)).rejects.toThrow(`processor p0: `);
    const second = await chain.process([bad, entry(2, 'good')], signal, false);
    expect(second.rejected).toMatchObject([
      { entry: { index: 1 }, error: { message: expect.stringContaining(why) } },
    ]);
    expect(bodiesOf(second.entries)).toEqual(['good']);
    expect(chain.stats()).toMatchObject([{ failures: 2 }]);
  },
);

test.each([
  ['process() returned undefined, expected a list of groups', 'undefined'],
  ['process() returned a group without resource, scope and records', '[{}]'],
  [
    'process() returned more than',
    '[{ ...group, records: [{ ...group.records[0], body: "x".repeat(2e6) }] }]',
  ],
  ['process() returned more than', 'new Array(1e6).fill(group)'],
])('%s: a batch whose result is no logs, or too many, is rejected', async (message, returned) => {
  const chain = chainOf(process(`(group) => ${returned}`));
  const { rejected } = await chain.process([entry(1, 'a')], signal, false);
  expect(rejected).toMatchObject([{ error: { message: expect.stringContaining(message) } }]);
});

test('with onError: pass a batch is passed on unchanged, with a warning', async () => {
  const chain = chainOf({ code: process('() => { throw new Error("no") }'), onError: 'pass' });
  const { entries } = await chain.process([entry(1, 'a')], signal, false);
  expect(bodiesOf(entries)).toEqual(['a']);
  expect(logged).toEqual([
    expect.stringContaining('processor p0: no; a batch of 1 records was passed on unchanged'),
  ]);
});

test.each([
  ['cannot be created: no database', 'throw new Error("no database")'],
  ['cannot be created: make() returned a processor without process()', 'return {}'],
])('%s: records wait for a processor that cannot be made', async (message, code) => {
  const chain = chainOf(code);
  for (let time = 0; time < 3; time += 1) {
    await expect(chain.process([entry(1, 'a')], signal, false)).rejects.toThrow(`processor p0: ${message}`);
  }
});

test('a replaced chain completes its running calls', async () => {
  const chain = chainOf(
    process('async (group) => { await new Promise((done) => setTimeout(done, 50)); return [group] }'),
  );
  const both = chain.process([entry(1, 'a'), entry(2, 'b')], signal, false);
  chain.retire();
  expect(bodiesOf((await both).entries)).toEqual(['a', 'b']);
});

test('groups of one resource stay together, so that a large resource is written once', async () => {
  const nothing = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
  const record = decodeLogs(request('a')).resources[0]!.scopes[0]!.records[0]!;
  const scopes = Array.from({ length: 200 }, (_, at) => ({
    ...nothing,
    name: `s${at}`,
    version: '',
    records: [record],
  }));
  const attributes = [['host', 'h'.repeat(50_000)]] as const;
  const body = encodeDecoded({ resources: [{ ...nothing, attributes, scopes }] });
  const processed = await processRequest(body, (group) => [group]);
  expect(processed.records).toBe(200);
  expect(processed.body.length).toBe(body.length);
});
