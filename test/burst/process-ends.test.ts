/** How a front end handles the end of the process, and its hooks. */
import { diag, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { ENDING, type Ending, type EndingAware } from '../../src/box/index.ts';
import { undeliveredOf, watchWith } from '../../src/record/index.ts';
import { spanContext } from '../box/support/memory-box.ts';
import { listen } from '../support/diag-listener.ts';
import { expectAccountsBalance, FRONTS, pipelineOf } from '../support/pipeline.ts';

beforeEach(() => listen(() => {}));
afterEach(() => diag.disable());

describe.each(FRONTS)('%s', (front) => {
  const pipeline = pipelineOf(front);
  const announce = (burst: object, ending: Ending) => (burst as EndingAware)[ENDING](ending);

  test.each<[Ending, string]>([
    [{ kind: 'uncaughtException', error: new RangeError('far') }, 'uncaught exception: RangeError: far'],
    [{ kind: 'unhandledRejection', error: 'lost' }, 'unhandled rejection: lost'],
    [{ kind: 'exit', code: 3 }, 'exit code 3'],
  ])('a failure releases all held records, as one burst with the reason: %j', async (ending, reason) => {
    const { bodies, burst, log, manifests } = pipeline({ limit: { records: 1 } });
    log('DEBUG', '1', { traceName: 'a' });
    log('DEBUG', '2');
    log('DEBUG', '3', { traceName: 'a' });
    announce(burst, ending);
    expect(await bodies()).toEqual(['1', '2', '3']);
    const [manifest, ...others] = await manifests();
    expect(others).toEqual([]);
    expect(manifest!.attributes).toMatchObject({ 'burst.trigger': 'crash', 'burst.reason': reason });
    expectAccountsBalance(burst.stats());
  });

  test.each<Ending>([
    { kind: 'signal', signal: 'SIGTERM' },
    { kind: 'exit', code: 0 },
  ])('an ending that is not a failure releases nothing: %j', (ending) => {
    const { burst, log } = pipeline();
    log('DEBUG', 'held');
    announce(burst, ending);
    expect(burst.stats()).toMatchObject({ holding: 1, bursts: 0 });
  });

  test('a failure with nothing held is no burst', async () => {
    const { burst, manifests } = pipeline();
    announce(burst, { kind: 'exit', code: 1 });
    expect(await manifests()).toEqual([]);
    expect(burst.stats()).toMatchObject({ bursts: 0, live: 0 });
  });

  test('a failure releases no records of a trace whose spans have all ended, even within the linger time', async () => {
    const { bodies, burst, log } = pipeline();
    const spans = burst.spanProcessor();
    const span = (digit: string) => ({
      ...{ name: 'x', status: { code: 0 }, duration: [0, 1] as [number, number] },
      spanContext: () => spanContext(digit),
    });
    for (const digit of ['a', 'b']) spans.onStart(span(digit) as never, ROOT_CONTEXT);
    const within = (digit: string) => {
      log('DEBUG', `of ${digit}`, { context: inTraceOf(digit) } as never);
    };
    within('a');
    within('b');
    spans.onEnd(span('a') as never);
    expect(burst.stats()).toMatchObject({ holding: 2, openTraces: 1 });
    announce(burst, { kind: 'exit', code: 1 });
    expect(await bodies()).toEqual(['of b']);
    expect(burst.stats()).toMatchObject({ discarded: 1, released: 1 });
  });

  test('an ending after shutdown() is ignored', async () => {
    const { burst, log } = pipeline();
    log('DEBUG', 'held');
    await burst.shutdown();
    const before = burst.stats();
    announce(burst, { kind: 'exit', code: 1 });
    expect(burst.stats()).toEqual(before);
  });

  test('the hooks are symbol properties, not public methods', () => {
    const { burst } = pipeline();
    expect(Object.keys(burst)).toEqual([]);
    expect(typeof (burst as unknown as Record<symbol, unknown>)[ENDING]).toBe('function');
    expect(undeliveredOf(burst)).toEqual([]);
  });

  test('held records are not undelivered records, and are evicted', async () => {
    const { burst, log } = pipeline();
    log('DEBUG', 'held', { traceName: 'a' });
    undeliveredOf(burst);
    expect(burst.stats()).toMatchObject({ holding: 0, evicted: { shutdown: 1 }, pending: 0 });
  });

  test('a watcher receives its options, its counts, and its end after the shutdown', async () => {
    const heard: unknown[] = [];
    let stats: () => { held: number } = () => ({ held: -1 });
    watchWith({
      warning() {},
      burst: (owner: object, facts: { name: string; scope: string; stats: typeof stats }) => {
        stats = facts.stats;
        heard.push([owner.constructor.name, facts.name, facts.scope]);
      },
      ending: () => heard.push('ending'),
      ended: () => heard.push('ended'),
    } as never);
    try {
      const { burst, log } = pipeline({ scope: () => 'key' });
      log('DEBUG', 'held');
      expect(stats().held).toBe(1);
      const name = front === 'processor' ? 'BurstLogRecordProcessor' : 'BurstLoggerProvider';
      expect(heard).toEqual([[name, name, 'a function']]);
      const ended = burst.shutdown();
      expect(heard.slice(1)).toEqual(['ending']);
      await ended;
      expect(heard.slice(1)).toEqual(['ending', 'ended']);
    } finally {
      Reflect.deleteProperty(globalThis, Symbol.for('burstlog.watcher'));
    }
  });
});

/** A context inside the trace whose id is this digit. */
const inTraceOf = (digit: string) => trace.setSpanContext(ROOT_CONTEXT, spanContext(digit));
