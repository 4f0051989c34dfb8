import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  enableInstrumentations,
  installedInstrumentations,
  reportEarlyLoggers,
} from '../../src/setup/instrumentations.ts';
import type { InstrumentationLike } from '../../src/setup/options.ts';
import { OtelEnvironment } from '../../src/setup/otel-environment.ts';
import { installedPackages } from './support/installed-packages.ts';

const PREFIX = '@opentelemetry/instrumentation-';
const AUTO = '@opentelemetry/auto-instrumentations-node';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'instrumentations-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A package with an instrumentation of this name. */
const instrumentation = (name: string, className = 'AnyInstrumentation') => ({
  [PREFIX + name]: {
    helper: 1,
    [className]: class {
      readonly instrumentationName = name;
    },
  },
});

function found(
  installed: Readonly<Record<string, object>>,
  variables: Readonly<Record<string, string>> = {},
  dependencies: readonly string[] = [],
) {
  const manifest = { dependencies: Object.fromEntries(dependencies.map((name) => [name, '1'])) };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const { packages, messages, report } = installedPackages(installed);
  const environment = new OtelEnvironment(variables, report);
  const all = installedInstrumentations(environment, packages, folder, report);
  return { names: all.map((each) => each.instrumentationName), messages, missing: packages.missing() };
}

test('those that the package.json names are found, and those of loggers and the console without a name there', () => {
  const installed = {
    ...instrumentation('http', 'HttpInstrumentation'),
    ...instrumentation('winston'),
    ...instrumentation('console'),
    ...instrumentation('redis'),
  };
  expect(found(installed, {}, [`${PREFIX}http`, 'express', `${PREFIX}gone`])).toEqual({
    names: ['http', 'winston', 'console'],
    messages: [],
    missing: undefined,
  });
});

test('one that is named twice is made once', () => {
  const installed = instrumentation('pino');
  expect(found(installed, {}, [`${PREFIX}pino`]).names).toEqual(['pino']);
});

test('a logger without its instrumentation is named, with what follows', () => {
  const { missing } = found({ pino: {}, bunyan: {}, winston: {}, ...instrumentation('winston') });
  expect(missing).toBe(
    `not installed: ${PREFIX}pino (records of pino are seen only with withBurstlog() of burstlog/pino), ` +
      `${PREFIX}bunyan (records of bunyan are not seen); to install: npm i ${PREFIX}pino ${PREFIX}bunyan`,
  );
});

test('with all of them installed, those are taken, and that of the console is added', () => {
  const http = { instrumentationName: 'http' };
  const auto = { [AUTO]: { getNodeAutoInstrumentations: () => [http] } };
  const own = { ...instrumentation('console'), ...instrumentation('winston') };
  expect(found({ ...auto, ...own }, {}, [`${PREFIX}winston`])).toMatchObject({ names: ['http', 'console'] });
});

test.each<[Record<string, string>, string[]]>([
  [{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'pino, http' }, ['http', 'pino']],
  [{ OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'console,http' }, ['pino']],
  [
    { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'pino,http', OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pino' },
    ['http'],
  ],
  [{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: ' ' }, ['http', 'pino', 'console']],
])('%j is obeyed', (variables, names) => {
  const installed = { ...instrumentation('http'), ...instrumentation('pino'), ...instrumentation('console') };
  expect(found(installed, variables, [`${PREFIX}http`]).names).toEqual(names);
});

test('one that cannot be made is reported and left out; a package without one is passed over', () => {
  class BrokenInstrumentation {
    constructor() {
      throw new Error('no such hook');
    }
  }
  const installed = {
    [`${PREFIX}pino`]: { BrokenInstrumentation },
    [`${PREFIX}bunyan`]: { Instrumentations: class {} },
    [`${PREFIX}winston`]: { AnyInstrumentation: 'no class' },
    ...instrumentation('console'),
  };
  expect(found(installed)).toMatchObject({
    names: ['console'],
    messages: [`${PREFIX}pino cannot be used: Error: no such hook`],
  });
  const auto = {
    getNodeAutoInstrumentations() {
      throw new Error('no detectors');
    },
  };
  expect(found({ [AUTO]: auto, ...instrumentation('console') })).toMatchObject({
    names: ['console'],
    messages: ['the instrumentations cannot be used: Error: no detectors'],
  });
});

describe('what is enabled', () => {
  const enabling = (entry: string | undefined, more: Readonly<Record<string, object>> = {}) => {
    const calls: string[] = [];
    const registerInstrumentations = ({ instrumentations }: { instrumentations: InstrumentationLike[] }) => {
      const names = instrumentations.map(({ instrumentationName }) => instrumentationName).join();
      if (names === 'broken') throw new Error('cannot');
      calls.push(`enable ${names}`);
      return () => void calls.push(`disable ${names}`);
    };
    const all = { '@opentelemetry/instrumentation': { registerInstrumentations }, ...more };
    const { packages, messages, report } = installedPackages(all);
    const of = (...names: string[]) =>
      enableInstrumentations(
        names.map((instrumentationName) => ({ instrumentationName }) as InstrumentationLike),
        packages,
        entry,
        report,
      );
    return { of, calls, messages, packages };
  };

  test('each by itself, so that one that throws keeps none of the others off; all are disabled', () => {
    const { of, calls, messages } = enabling(undefined);
    const undo = of('a', 'broken', 'b');
    expect(calls).toEqual(['enable a', 'enable b']);
    expect(messages).toEqual(['broken cannot be used: Error: cannot']);
    undo();
    expect(calls.slice(2)).toEqual(['disable a', 'disable b']);
  });

  test('without any, nothing is loaded', () => {
    const { of, packages } = enabling('/app/main.mjs');
    of()();
    expect(packages.load).not.toHaveBeenCalled();
  });

  test.each([
    ['main.mjs', 'commonjs', true],
    ['main.mts', 'commonjs', true],
    ['main.cjs', 'module', false],
    ['main.cts', 'module', false],
    ['main.js', 'module', true],
    ['main.js', 'commonjs', false],
    ['main.js', undefined, false],
    [undefined, 'module', false],
  ])('of %s in a package of type %s the hook for ES modules is looked for: %s', (file, type, expected) => {
    mkdirSync(join(folder, 'src'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type }));
    const entry = file === undefined ? undefined : join(folder, 'src', file);
    if (entry !== undefined) writeFileSync(entry, '');
    const { of, packages } = enabling(entry);
    of('a');
    const looked = jest.mocked(packages.find).mock.calls.map(([name]) => name);
    expect(looked.includes('@opentelemetry/instrumentation/hook.mjs')).toBe(expected);
  });

  test('without the package nothing is enabled, and nothing fails', () => {
    const { packages, messages, report } = installedPackages({});
    const any = [{ instrumentationName: 'a' } as InstrumentationLike];
    expect(() => enableInstrumentations(any, packages, undefined, report)()).not.toThrow();
    expect(messages).toEqual([]);
  });
});

test('loggers that were loaded before are named together; without any, nothing is reported', () => {
  const { packages, messages, report } = installedPackages({});
  jest.spyOn(packages, 'isLoaded').mockImplementation((name) => name !== 'pino');
  reportEarlyLoggers(packages, report);
  expect(messages).toEqual([
    'winston, bunyan was loaded before burstlog, so its records are not seen: load burstlog first',
  ]);
  jest.mocked(packages.isLoaded).mockReturnValue(false);
  reportEarlyLoggers(packages, report);
  expect(messages).toHaveLength(1);
});
