import { SelfLogs, type SelfLogsOptions } from '../../src/daemon/self-logs.ts';
import { type DecodedLogRecord, decodeLogs } from '../../src/otlp/index.ts';
import { Severity } from '../../src/record/index.ts';
import { FakeIntake } from '../receivers/otlp/support/fake-intake.ts';
import { ManualClock } from '../support/manual-clock.ts';

function logging(options: Partial<SelfLogsOptions> = {}) {
  const lines: string[] = [];
  const clock = new ManualClock();
  const stream = { write: (text: string) => lines.push(text) };
  const own = new SelfLogs({ version: '1.2.3', stream, clock, ...options });
  return { own, lines, clock, intake: new FakeIntake() };
}

function recordsIn({ batches }: FakeIntake): readonly DecodedLogRecord[] {
  return batches.flatMap(({ body }) =>
    decodeLogs(body).resources.flatMap(({ scopes }) => scopes.flatMap(({ records }) => records)),
  );
}

test('records of the daemon go into the journal and to standard error', async () => {
  const { own, lines, intake } = logging();
  own.emit(Severity.INFO, 'ready', { data: '/var/lib/distlogd', receivers: 4, isFirst: true });
  own.attach(intake);
  own.emit(Severity.WARN, 'sink files: the disk is full; retrying');
  await own.flush();

  const [resource] = decodeLogs(intake.batches[0]!.body).resources;
  expect(Object.fromEntries(resource!.attributes)).toMatchObject({
    'service.name': 'distlogd',
    'service.version': '1.2.3',
    'service.instance.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    'process.pid': process.pid,
  });
  expect(resource!.scopes[0]!.name).toBe('distlogd');
  expect(recordsIn(intake)).toMatchObject([
    {
      timeUnixNano: 1_700_000_000_000_000_000n,
      severityNumber: 9,
      severityText: 'INFO',
      body: 'ready',
      attributes: [
        ['data', '/var/lib/distlogd'],
        ['receivers', 4],
        ['isFirst', true],
      ],
    },
    { severityNumber: 13, body: 'sink files: the disk is full; retrying' },
  ]);
  expect(intake.batches[0]!.records).toBe(2);
  expect(lines).toEqual([
    '2023-11-14T22:13:20.000Z INFO  distlogd: ready  data=/var/lib/distlogd  receivers=4  isFirst=true\n',
    '2023-11-14T22:13:20.000Z WARN  distlogd: sink files: the disk is full; retrying\n',
  ]);
});

test('records of one turn are one batch', async () => {
  const { own, intake } = logging();
  own.attach(intake);
  for (const sink of ['a', 'b', 'c']) own.emit(Severity.INFO, `sink ${sink} runs`);
  await own.flush();

  expect(intake.batches.map(({ records }) => records)).toEqual([3]);
});

test('quiet records stay out of the journal, and console: false keeps all from standard error', async () => {
  const { own, lines, intake } = logging({ severity: 'WARN', console: false });
  own.attach(intake);
  own.emit(Severity.INFO, 'quiet');
  own.emit(Severity.ERROR, 'loud');
  await own.flush();

  expect(recordsIn(intake).map(({ body }) => body)).toEqual(['loud']);
  expect(lines).toEqual([]);
});

test('repeated messages are logged ten times in ten seconds, whatever their numbers and names', async () => {
  const { own, lines, clock, intake } = logging();
  own.attach(intake);
  for (let i = 0; i < 500; i++) own.emit(Severity.WARN, `sink "s${i}" failed after ${i} ms`);
  own.emit(Severity.WARN, 'something else');
  clock.advance(10_000);
  own.emit(Severity.WARN, 'sink "x" failed after 7 ms');
  await own.flush();

  expect(lines).toHaveLength(12);
  expect(lines.at(-1)).toContain(
    'sink "x" failed after 7 ms (490 similar messages suppressed since the last one)',
  );
  expect(recordsIn(intake)).toHaveLength(12);
  expect(own.stats().suppressed).toBe(490);
});

test('while the journal is full they wait, bounded; the oldest are lost and counted; then the rest comes in', async () => {
  const { own, clock, intake } = logging({ console: false });
  intake.answer = { kind: 'full', retryAfterMillis: 10 };
  own.attach(intake);
  const letter = (i: number) =>
    String.fromCharCode(97 + (i % 26), 97 + (Math.floor(i / 26) % 26), 97 + Math.floor(i / 676));
  for (let i = 0; i < 1_200; i++) own.emit(Severity.INFO, `record ${letter(i)}`);
  await own.flush();
  expect(intake.batches).toHaveLength(0);
  expect(own.stats().dropped).toBe(200);

  // These come while the thousand are on their way to a journal that is still full.
  intake.hold();
  clock.advance(1_000);
  await intake.called(2);
  for (let i = 1_200; i < 1_250; i++) own.emit(Severity.INFO, `record ${letter(i)}`);
  intake.release();
  await own.flush();
  expect(own.stats().dropped).toBe(250);

  intake.answer = undefined;
  clock.advance(1_000);
  await own.flush();

  const bodies = recordsIn(intake).map(({ body }) => body);
  expect(bodies).toHaveLength(1_000);
  expect([bodies[0], bodies.at(-1)]).toEqual([`record ${letter(250)}`, `record ${letter(1_249)}`]);
});

test('what is logged in the turn in which the last ones were taken is not left behind', async () => {
  const { own, intake } = logging();
  own.attach(intake);
  const append = intake.append.bind(intake);
  intake.append = async (batch) => {
    const accepted = await append(batch);
    const late = () => own.emit(Severity.WARN, 'b');
    // Runs after the check for waiting records, which follows this promise.
    if (intake.appends === 1) queueMicrotask(() => queueMicrotask(() => queueMicrotask(late)));
    return accepted;
  };
  own.emit(Severity.WARN, 'a');
  await intake.called(2);
  await own.flush();
  expect(recordsIn(intake).map(({ body }) => body)).toEqual(['a', 'b']);
});

test('a journal that fails, and logs it, causes no feedback loop', async () => {
  const { own, lines } = logging();
  let appends = 0;
  own.attach({
    id: new Uint8Array(16),
    lastSeq: () => 0,
    async append() {
      appends += 1;
      own.emit(Severity.ERROR, 'the journal cannot be written: EIO');
      throw new Error('EIO');
    },
  });
  own.emit(Severity.INFO, 'ready');
  await own.flush();
  await own.flush();

  expect(appends).toBe(1);
  expect(own.stats().dropped).toBe(1);
  expect(lines.map((line) => line.replace(/^\S+ /, ''))).toEqual([
    'INFO  distlogd: ready\n',
    'ERROR distlogd: the journal cannot be written: EIO\n',
  ]);
});

test('a text of any length and with any characters is one line, and bounded', async () => {
  const { own, lines, intake } = logging();
  own.attach(intake);
  own.emit(Severity.ERROR, `\u001b[2J\n\u202e${'x'.repeat(100_000)}`, {
    error: 'y'.repeat(100_000),
    'k\n': '\r\n',
  });
  own.emit(Severity.ERROR, 'half a pair \ud800');
  await own.flush();

  expect(lines[0]).toMatch(/^\P{Cc}+\n$/u);
  expect(lines[0]!.length).toBeLessThan(9_000);
  expect(intake.batches[0]!.body.length).toBeLessThan(9_000);
  expect(recordsIn(intake)).toHaveLength(2);
});

test('a failing stream has no effect on others', () => {
  let listener: ((error: Error) => void) | undefined;
  const stream = {
    write() {
      throw new Error('EPIPE');
    },
    on(_event: 'error', on: (error: Error) => void) {
      listener = on;
    },
  };
  const { own } = logging({ stream });

  expect(() => own.emit(Severity.INFO, 'ready')).not.toThrow();
  expect(() => listener?.(new Error('EPIPE'))).not.toThrow();
});

test('closing counts what still waits, takes nothing more, and may be done twice', async () => {
  const { own, intake } = logging({ console: false });
  own.emit(Severity.INFO, 'before there is a journal');
  await own.close();
  await own.close();
  own.attach(intake);
  own.emit(Severity.INFO, 'after');
  await own.flush();

  expect(own.stats().dropped).toBe(1);
  expect(intake.appends).toBe(0);
});
