import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestAbove, Packages } from '../../src/setup/packages.ts';
import { pairsIn } from '../../src/setup/pairs.ts';
import { runtimeControls } from '../../src/setup/runtime-controls.ts';
import { SeveralProcessors } from '../../src/setup/several-processors.ts';
import { type Parts, startedFrom, undo } from '../../src/setup/started.ts';
import { diagMessages } from './support/diag-messages.ts';

const messages = diagMessages();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'started-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The parts of a set-up that note what is called. */
function parts(changes: Partial<Parts> = {}) {
  const calls: string[] = [];
  const noted = (name: string) => async () => void calls.push(name);
  const provider = (name: string) => ({
    forceFlush: noted(`flush ${name}`),
    shutdown: noted(`shutdown ${name}`),
  });
  const burst = {
    forceFlush: async (options?: object) => void calls.push(`flush burst ${JSON.stringify(options)}`),
    burst: (options: unknown) => ({ given: options }),
    discard: () => 3,
    configure: () => () => void calls.push('configured'),
    stats: () => ({ held: 1 }),
  } as unknown as NonNullable<Parts['burst']>;
  const undoSteps = [() => void calls.push('undo 1'), () => void calls.push('undo 2')];
  const providers = [provider('traces'), provider('logs')];
  return { calls, noted, started: startedFrom({ burst, providers, undoSteps, ...changes }) };
}

describe('what was started', () => {
  test('is shut down once: its providers first, then the registrations are undone', async () => {
    const { calls, started } = parts();
    const [one, other] = [started.shutdown(), started.shutdown()];
    expect(one).toBe(other);
    await one;
    expect(calls).toEqual(['shutdown traces', 'shutdown logs', 'undo 1', 'undo 2']);
  });

  test('flushes the burst, and leaves the providers to their owner, where they are those of another SDK', async () => {
    const { calls, started } = parts({ providers: [] });
    await started.shutdown();
    expect(calls).toEqual(['flush burst undefined', 'undo 1', 'undo 2']);
    const nothing = parts({ providers: [], burst: undefined });
    await nothing.started.shutdown();
    expect(nothing.calls).toEqual(['undo 1', 'undo 2']);
  });

  test('is flushed with the time that is given, by default ten seconds', async () => {
    const { calls, started } = parts();
    await started.forceFlush();
    await started.forceFlush({ timeoutMillis: 70 });
    expect(calls).toEqual([
      ...['flush traces', 'flush logs', 'flush burst {"timeoutMillis":10000}'],
      ...['flush traces', 'flush logs', 'flush burst {"timeoutMillis":70}'],
    ]);
  });

  test('does every step even if one fails', async () => {
    const failing = {
      forceFlush: () => Promise.reject(new Error('cannot')),
      shutdown(): Promise<void> {
        throw new Error('cannot');
      },
    };
    const { calls, started } = parts({ providers: [failing] });
    await expect(started.forceFlush()).resolves.toBeUndefined();
    await expect(started.shutdown()).resolves.toBeUndefined();
    expect(calls).toEqual(['flush burst {"timeoutMillis":10000}', 'undo 1', 'undo 2']);
  });

  test('waits for detectors that are still at work', async () => {
    const waits: string[] = [];
    const waitForAsyncAttributes = async () => void waits.push('waited');
    const resource = (asyncAttributesPending: boolean) =>
      ({ attributes: {}, asyncAttributesPending, waitForAsyncAttributes }) as unknown as Parts['resource'];
    await parts({ resource: resource(false) }).started.shutdown();
    expect(waits).toEqual([]);
    await parts({ resource: resource(true) }).started.shutdown();
    expect(waits).toEqual(['waited']);
  });

  test('passes calls on to the burst; without one they do nothing', () => {
    const { started } = parts();
    expect(started.burst({ reason: 'asked' } as never)).toEqual({ given: { reason: 'asked' } });
    expect([started.discard(), started.stats()]).toEqual([3, { held: 1 }]);
    const { started: none } = parts({ burst: undefined });
    expect([none.burst(), none.discard(), none.stats(), none.configure([])()]).toEqual([
      ...[undefined, 0, undefined, undefined],
    ]);
    expect(runtimeControls(none, {} as never, 'SIGUSR2')()).toBeUndefined();
  });
});

test('a registration that cannot be removed is reported, and the others are removed', () => {
  const done: number[] = [];
  const failing = () => {
    throw new Error('cannot');
  };
  undo([() => void done.push(1), failing, () => void done.push(2)]);
  expect(done).toEqual([1, 2]);
  expect(messages()).toEqual(['burstlog: a registration could not be removed: Error: cannot']);
});

test('several processors want a record if one of them does, or does not say', () => {
  const asked: unknown[] = [];
  const answering = (answer: boolean | undefined) => ({
    onEmit() {},
    forceFlush: async () => {},
    shutdown: async () => {},
    ...(answer === undefined
      ? {}
      : {
          enabled: (options: unknown) => {
            asked.push(options);
            return answer;
          },
        }),
  });
  const enabled = (...answers: (boolean | undefined)[]) =>
    new SeveralProcessors(answers.map(answering)).enabled('options');
  expect([enabled(false, false), enabled(false, true), enabled(false, undefined)]).toEqual([
    false,
    true,
    true,
  ]);
  expect(new Set(asked)).toEqual(new Set(['options']));
});

describe('the packages of an application', () => {
  const install = (name: string, text: string, ...below: string[]) => {
    const place = join(folder, ...below, 'node_modules', name);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'index.js'), text);
    return join(place, 'index.js');
  };
  const packagesOf = () => {
    const reported: string[] = [];
    return {
      packages: new Packages(join(folder, 'app.js'), (message) => void reported.push(message)),
      reported,
    };
  };

  test('are found beside its entry file, and below the SDKs that brought them', () => {
    const path = install('own-package', 'module.exports = { own: true };');
    install('@opentelemetry/sdk-node', '');
    const inner = install(
      'brought-package',
      'module.exports = 7;',
      'node_modules',
      '@opentelemetry/sdk-node',
    );
    const { packages, reported } = packagesOf();
    expect([packages.find('own-package'), packages.find('brought-package')]).toEqual([path, inner]);
    expect(packages.load('own-package')).toEqual({ own: true });
    expect([packages.find('no-such-package'), packages.load('no-such-package'), reported]).toEqual([
      ...[undefined, undefined, []],
    ]);
  });

  test('that fail to load are reported, and are not missing', () => {
    install('broken-package', "throw new Error('no native module');");
    const { packages, reported } = packagesOf();
    expect(packages.need('broken-package', 'nothing works')).toBeUndefined();
    expect(reported).toEqual([
      expect.stringMatching(/^broken-package could not be loaded: Error: no native module/),
    ]);
    expect(packages.missing()).toBeUndefined();
  });

  test('the package.json that is nearest above a file counts; one that cannot be read is passed over', () => {
    mkdirSync(join(folder, 'a', 'b'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"name":"app","type":"module"}');
    writeFileSync(join(folder, 'a', 'package.json'), 'not JSON');
    expect(manifestAbove(join(folder, 'a', 'b', 'file.js'))).toEqual({ name: 'app', type: 'module' });
    writeFileSync(join(folder, 'a', 'b', 'package.json'), '{"name":"inner"}');
    expect(manifestAbove(join(folder, 'a', 'b'))).toEqual({ name: 'inner' });
  });
});

test.each<[unknown, object]>([
  [undefined, {}],
  ['', {}],
  [' , ', {}],
  ['a=1', { a: '1' }],
  [' a = 1 , b=x=y,', { a: '1', b: 'x=y' }],
  ['a=', { a: '' }],
  ['a%20b=%C3%A9', { 'a b': 'é' }],
  ['a=1,a=2', { a: '2' }],
])('the pairs of %j are %j', (list, expected) => {
  expect(pairsIn('X', list)).toEqual(expected);
});

test.each(['a', '=1', ' =1', 'a=1,b', 'a=%E0%A4%A'])(
  '%j is no list of pairs, and its value is not shown',
  (list) => {
    expect(() => pairsIn('OTEL_X', list)).toThrow(
      new Error('OTEL_X must be a list of key=value, percent-encoded, such as a=1,b=2'),
    );
  },
);
