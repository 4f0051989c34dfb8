import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import * as fc from 'fast-check';
import type { VerbosityRule } from '../../src/burst/verbosity-rule.ts';
import { registerLoggerProvider } from '../../src/record/global-logs.ts';
import { Severity } from '../../src/record/severity.ts';
import { task, to } from '../../src/task/index.ts';
import { expectAccountsBalance, FRONTS, pipelineOf, type SeverityName } from '../support/pipeline.ts';
import { hasEnabled } from '../support/sdk-abilities.ts';

describe.each(FRONTS)('configure() of the %s', (front) => {
  const pipeline = pipelineOf(front);

  test('exports quiet records of the loggers it names at once, and of no others', async () => {
    const { burst, log, bodies } = pipeline();
    log('DEBUG', 'before', { loggerName: 'payments.card' });
    burst.configure({ logger: 'payments.*', emitLevel: 'DEBUG' });
    log('DEBUG', 'card', { loggerName: 'payments.card' });
    log('TRACE', 'card in detail', { loggerName: 'payments.card' });
    log('DEBUG', 'another', { loggerName: 'payments' });
    expect(await bodies()).toEqual(['card']);
    expect(burst.stats()).toMatchObject({ holding: 3, live: 1 });
    expectAccountsBalance(burst.stats());
  });

  test('does not hold records below the level that it raises', async () => {
    const { burst, log, bodies } = pipeline();
    burst.configure({ logger: 'noisy', level: 'WARN' });
    log('DEBUG', 'noise', { loggerName: 'noisy' });
    log('INFO', 'more noise', { loggerName: 'noisy' });
    log('WARN', 'attention', { loggerName: 'noisy' });
    log('DEBUG', 'held');
    expect(burst.stats()).toMatchObject({ held: 1, live: 1 });
    expect(await bodies()).toEqual(['attention']);
  });

  test('goes below the option level, and back when its time is over', async () => {
    const { burst, log, bodies, clock } = pipeline({ level: { default: 'DEBUG', shop: 'INFO' } });
    log('DEBUG', 'refused', { loggerName: 'shop' });
    burst.configure({ logger: 'shop', emitLevel: 'TRACE', forMillis: 5_000 });
    log('TRACE', 'wanted', { loggerName: 'shop' });
    clock.advance(4_999);
    log('TRACE', 'still wanted', { loggerName: 'shop' });
    clock.advance(1);
    log('TRACE', 'refused again', { loggerName: 'shop' });
    expect(await bodies()).toEqual(['wanted', 'still wanted']);
    expect(burst.stats().held).toBe(0);
  });

  test('ends after ten minutes by default', async () => {
    const { burst, log, bodies, clock } = pipeline();
    burst.configure({ emitLevel: 'DEBUG' });
    burst.configure({ logger: 'for ever', emitLevel: 'DEBUG', forMillis: Number.POSITIVE_INFINITY });
    clock.advance(599_999);
    log('DEBUG', 'in time');
    clock.advance(1);
    log('DEBUG', 'late');
    clock.advance(1e12);
    log('DEBUG', 'always', { loggerName: 'for ever' });
    expect(await bodies()).toEqual(['in time', 'always']);
  });

  test('applies to existing loggers, traces and tasks', async () => {
    const { burst, provider, bodies } = pipeline();
    const logger = provider.getLogger('open');
    const emit = (body: string) => logger.emit({ severityNumber: Severity.DEBUG, body } as never);
    await inTasks(provider, async () => {
      await task('import orders', async () => {
        await to('read file', async () => {
          emit('before');
          burst.configure({ task: 'import*', emitLevel: 'DEBUG' });
          emit('in a step of the task');
        });
        emit('in the task');
      });
      await task('export orders', async () => emit('in another task'));
      emit('outside');
    });
    expect(await bodies()).toEqual(expect.arrayContaining(['in a step of the task', 'in the task']));
    expect(burst.stats().holding).toBe(3);
  });

  test('the first rule that matches applies, and those of a later call take precedence', async () => {
    const { burst, log, bodies } = pipeline();
    const loggerName = 'shop';
    burst.configure([
      { logger: 'shop', emitLevel: 'DEBUG' },
      { level: 'WARN', emitLevel: 'WARN' },
    ]);
    log('DEBUG', 'shop', { loggerName });
    log('INFO', 'refused');
    const end = burst.configure({ logger: 's*', level: 'INFO' });
    log('DEBUG', 'refused too', { loggerName });
    end();
    end();
    log('DEBUG', 'shop again', { loggerName });
    expect(await bodies()).toEqual(['shop', 'shop again']);
    expect(burst.stats().held).toBe(0);
  });

  test('a rule for tasks after a rule for all records of a logger has no effect', async () => {
    const { burst, provider, bodies } = pipeline();
    burst.configure([
      { logger: 'quiet', level: 'WARN' },
      { task: 'import*', emitLevel: 'DEBUG' },
    ]);
    const emit = (name: string, body: string) =>
      provider.getLogger(name).emit({ severityNumber: Severity.DEBUG, body } as never);
    await inTasks(provider, () =>
      task('import orders', async () => {
        emit('quiet', 'refused');
        emit('other', 'exported at once');
      }),
    );
    expect(await bodies()).toEqual(expect.arrayContaining(['exported at once']));
    expect(await bodies()).not.toEqual(expect.arrayContaining(['refused']));
  });

  test('does not end a burst: a trigger releases held records as before', async () => {
    const { burst, log, bodies } = pipeline();
    log('DEBUG', 'held', { traceName: 'a' });
    burst.configure({ emitLevel: 'DEBUG' });
    log('ERROR', 'failed', { traceName: 'a' });
    expect(await bodies()).toEqual(['failed', 'held']);
  });

  (hasEnabled ? test : test.skip)('enabled() answers as the rules say', () => {
    const { burst, provider } = pipeline({ level: 'DEBUG' });
    const logger = provider.getLogger('shop') as { enabled(options: object): boolean };
    const isEnabled = (severityNumber: number) => logger.enabled({ severityNumber });
    expect(isEnabled(Severity.TRACE)).toBe(false);
    const end = burst.configure({ logger: 'shop', emitLevel: 'TRACE' });
    expect(isEnabled(Severity.TRACE)).toBe(true);
    end();
    burst.configure({ logger: 'shop', level: 'WARN' });
    expect(isEnabled(Severity.INFO)).toBe(false);
  });

  test('accepts at most 32 rules at the same time', () => {
    const { burst, clock } = pipeline();
    const rules = (count: number) => Array.from({ length: count }, () => ({ emitLevel: 'DEBUG' as const }));
    const end = burst.configure(rules(20));
    burst.configure(rules(12));
    expect(() => burst.configure(rules(1))).toThrow(
      'configure() accepts at most 32 rules at the same time, got 33',
    );
    end();
    burst.configure(rules(20));
    clock.advance(600_000);
    burst.configure(rules(32));
  });

  test('leaves no timer behind, and changes nothing after shutdown()', async () => {
    const { burst, clock } = pipeline();
    burst.configure([]);
    burst.configure({ emitLevel: 'DEBUG' })();
    burst.configure({ emitLevel: 'DEBUG' });
    await burst.shutdown();
    expect(clock.pendingTimers).toBe(0);
    burst.configure({ emitLevel: 'DEBUG' });
    expect(clock.pendingTimers).toBe(0);
  });

  test.each<[object, string]>([
    [{}, 'rule requires level or emitLevel, got neither'],
    [{ emitLevel: 'LOUD' }, 'rule: emitLevel must be a severity from 1 to 24'],
    [{ emitLevel: 'FATAL' }, 'rule: emitLevel must not be above burstLevel (17), got "FATAL"'],
    [{ level: 'WARN', emitLevel: 'INFO' }, 'rule: level must not be above emitLevel (9), got "WARN"'],
    [{ logger: '', level: 'INFO' }, 'rule: logger must be a name, or a prefix followed by "*"'],
    [{ task: 5, level: 'INFO' }, 'rule: task must be a name, or a prefix followed by "*"'],
    [{ level: 'INFO', forMillis: 0 }, 'rule: forMillis must be a number of milliseconds from 1, got 0'],
    [{ level: 'INFO', minutes: 5 }, 'rule has no option "minutes"; known names: logger, task, level'],
    [[{ level: 'INFO' }, null], 'rule 2 must be an object, got null'],
  ])('refuses %j and changes nothing', (rule, message) => {
    const { burst, clock } = pipeline();
    expect(() => burst.configure(rule as VerbosityRule)).toThrow(message);
    expect(clock.pendingTimers).toBe(0);
  });

  test('any rules: each record is refused, held or exported according to the first rule that matches', async () => {
    const names = ['shop', 'shop.cart', 'shopping', 'db'];
    const levels = fc.constantFrom<SeverityName>('TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR');
    const ruleArb = fc
      .record({
        logger: fc.constantFrom(undefined, 'shop', 'shop*', 'shop.*', '*', 'db'),
        pair: fc.tuple(fc.option(levels, { nil: undefined }), fc.option(levels, { nil: undefined })),
      })
      .filter(({ pair: [level, emitLevel] }) =>
        level === undefined || emitLevel === undefined
          ? (level ?? emitLevel) !== undefined
          : Severity[level] <= Severity[emitLevel],
      )
      .map(({ logger, pair: [level, emitLevel] }) => ({ logger, level, emitLevel }));
    const fits = (pattern: string | undefined, name: string) =>
      pattern === undefined ||
      new RegExp(`^${pattern.replaceAll('.', '\\.').replace('*', '.*')}$`).test(name);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(ruleArb, { maxLength: 3 }), { maxLength: 3 }), async (calls) => {
        const { burst, log, bodies } = pipeline({ level: 'DEBUG', burstLevel: 'FATAL' });
        for (const rules of calls) burst.configure(rules);
        const expected = { held: 0, exported: [] as string[] };
        for (const name of names) {
          for (const severity of ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const) {
            log(severity, `${name} ${severity}`, { loggerName: name });
            const rule = calls
              .toReversed()
              .flat()
              .find(({ logger }) => fits(logger, name));
            const emitLevel = Severity[rule?.emitLevel ?? 'INFO'];
            const level =
              rule?.level === undefined ? Math.min(Severity.DEBUG, emitLevel) : Severity[rule.level];
            if (Severity[severity] < level) continue;
            if (Severity[severity] < emitLevel) expected.held += 1;
            else expected.exported.push(`${name} ${severity}`);
          }
        }
        expect({ held: burst.stats().held, exported: await bodies() }).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });
});

/** With a context manager, and the provider as the global one, which tasks write to. */
async function inTasks(provider: object, work: () => Promise<void>): Promise<void> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const takeBack = registerLoggerProvider(provider as never);
  try {
    await work();
  } finally {
    takeBack();
    context.disable();
  }
}
