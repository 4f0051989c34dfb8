import { OwnRecords, type OwnRecordsOptions } from '../../src/daemon/own-records.ts';
import { Severity } from '../../src/record/index.ts';
import { decodeLogs } from '../../src/wire/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryIntake } from '../zeromq/support/memory-intake.ts';

function recordsOf({ batches }: MemoryIntake) {
  return batches.flatMap(({ body }) =>
    decodeLogs(body).resources.flatMap(({ scopes }) => scopes.flatMap(({ records }) => records)),
  );
}

const bodiesOf = (intake: MemoryIntake) => recordsOf(intake).map(({ body }) => body);

function parts(more: Partial<OwnRecordsOptions> = {}) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const stream = { write: (text: string) => lines.push(text) };
  const intake = new MemoryIntake();
  const own = new OwnRecords({ version: '1.2.3', clock, stream, ...more });
  return { own, clock, lines, intake };
}

test('own records come into the journal, also those from before there was one, with who wrote them', async () => {
  const { own, intake } = parts();
  own.emit(Severity.INFO, 'first', { port: 5, why: 'so', fine: true });
  own.attach(intake);
  own.emit(Severity.ERROR, 'second');
  await own.flush();
  expect(recordsOf(intake)).toMatchObject([
    { body: 'first', severityNumber: 9, severityText: 'INFO' },
    { body: 'second', severityNumber: 17, severityText: 'ERROR' },
  ]);
  expect(new Map(recordsOf(intake)[0]!.attributes)).toEqual(
    new Map<string, unknown>([
      ['port', 5],
      ['why', 'so'],
      ['fine', true],
    ]),
  );
  const resource = new Map(decodeLogs(intake.batches[0]!.body).resources[0]!.attributes);
  expect(resource.get('service.name')).toBe('distlogd');
  expect(resource.get('service.version')).toBe('1.2.3');
});

test('what lies below the severity is printed and not journaled', async () => {
  const { own, intake, lines } = parts({ severity: 'WARN' });
  own.attach(intake);
  own.emit(Severity.INFO, 'quiet');
  own.emit(Severity.WARN, 'loud');
  await own.flush();
  expect(bodiesOf(intake)).toEqual(['loud']);
  expect(lines.join('')).toContain('loud');
});

test('control characters reach neither the terminal nor a second line', () => {
  const { own, lines } = parts();
  own.emit(Severity.WARN, 'a\nb\x1b[31mred\r\u202e\u2028end', { name: 'x\ny' });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\S+Z WARN {2}distlogd: .*\n$/);
  expect(lines[0]!.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
});

test('a text that comes again and again is told ten times in ten seconds, then how many were left out', async () => {
  const { own, clock, intake } = parts();
  own.attach(intake);
  for (let times = 0; times < 1_000; times += 1) own.emit(Severity.WARN, 'again');
  await own.flush();
  expect(bodiesOf(intake)).toHaveLength(10);
  clock.advance(10_000);
  own.emit(Severity.WARN, 'again');
  await own.flush();
  expect(bodiesOf(intake).at(-1)).toBe('again (990 more like this since the last one)');
});

test('trouble on the way of own records makes no own record: it is counted', async () => {
  const { own, intake, lines } = parts();
  own.attach(intake);
  intake.broken = new Error('disk on fire');
  own.emit(Severity.WARN, 'one');
  await own.flush();
  expect(own.lost).toBe(1);
  expect(intake.appends).toBe(1);
  expect(lines).toHaveLength(1);
});

test('what a full journal does not take comes again after a second', async () => {
  const { own, clock, intake } = parts();
  own.attach(intake);
  intake.fullForMillis = 1;
  own.emit(Severity.WARN, 'patient');
  await own.flush();
  expect(intake.batches).toHaveLength(0);
  intake.fullForMillis = undefined;
  clock.advance(1_000);
  await own.flush();
  expect(bodiesOf(intake)).toEqual(['patient']);
  expect(own.lost).toBe(0);
});

test('at most a thousand wait, the oldest go first, and every one is counted', async () => {
  const { own, intake } = parts();
  own.attach(intake);
  intake.fullForMillis = 1;
  intake.hold();
  for (let index = 0; index < 600; index += 1) own.emit(Severity.WARN, `early ${index}`);
  await intake.until(() => intake.waiting === 1);
  // These come while the first are on their way, which turns out to be closed.
  for (let index = 0; index < 700; index += 1) own.emit(Severity.WARN, `late ${index}`);
  intake.release();
  await own.flush();
  expect(own.lost).toBe(300);
  for (let index = 0; index < 50; index += 1) own.emit(Severity.WARN, `last ${index}`);
  await own.flush();
  expect(own.lost).toBe(350);
  intake.fullForMillis = undefined;
  own.emit(Severity.WARN, 'open again');
  await own.flush();
  expect(bodiesOf(intake)).toHaveLength(1_000);
  expect(bodiesOf(intake).at(-1)).toBe('open again');
  expect(own.lost).toBe(351);
});

test('what is told in the turn in which the last ones were taken is not left behind', async () => {
  const { own, intake } = parts();
  own.attach(intake);
  const append = intake.append.bind(intake);
  intake.append = async (batch) => {
    const accepted = await append(batch);
    // Runs after the look at what waits, which follows this promise.
    if (intake.appends === 1)
      queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => own.emit(Severity.WARN, 'b'))));
    return accepted;
  };
  own.emit(Severity.WARN, 'a');
  await intake.until(() => intake.batches.length === 2);
  expect(bodiesOf(intake)).toEqual(['a', 'b']);
});

test('after close() nothing reaches the journal, and what waited counts as lost', async () => {
  const { own, intake } = parts();
  own.attach(intake);
  intake.fullForMillis = 1;
  own.emit(Severity.WARN, 'too late');
  await own.flush();
  await own.close();
  own.emit(Severity.WARN, 'later still');
  await own.flush();
  expect(own.lost).toBe(1);
  expect(intake.batches).toHaveLength(0);
});

test('a terminal that is gone harms nobody', () => {
  const stream = {
    write() {
      throw new Error('EPIPE');
    },
  };
  const { own } = parts({ stream });
  expect(() => own.emit(Severity.WARN, 'x')).not.toThrow();
});
