/**
 * What this package relies on in the SDK of OpenTelemetry, on both of its lines (docs/design.md names the
 * decisions that follow). A test that fails here after an update says which of them to look at again.
 */

import { diag } from '@opentelemetry/api';
import {
  BatchLogRecordProcessor,
  InMemoryLogRecordExporter,
  LoggerProvider,
  type LogRecordProcessor,
  type ReadWriteLogRecord,
} from '@opentelemetry/sdk-logs';
import { Severity } from '../../src/record/index.ts';
import { listen } from '../support/diag-listener.ts';
import { HeldExporter } from '../support/exporters.ts';
import { needs } from '../support/sdk-abilities.ts';

let warnings: string[];

beforeEach(() => {
  warnings = [];
  listen((message) => void warnings.push(message));
});
afterEach(() => diag.disable());

/** A processor that keeps records, with overridable methods. */
function keeper(own: Partial<LogRecordProcessor> = {}) {
  const records: ReadWriteLogRecord[] = [];
  return {
    records,
    onEmit: (record: ReadWriteLogRecord) => void records.push(record),
    forceFlush: async () => {},
    shutdown: async () => {},
    ...own,
  };
}

const loggerOf = (...processors: LogRecordProcessor[]) =>
  new LoggerProvider({ processors }).getLogger('test');

describe('provider.forceFlush()', () => {
  needs('forceFlush({ timeoutMillis })')(
    'rejects at timeoutMillis while a processor hangs, and does not pass that to the processor (E8)',
    async () => {
      const seen: unknown[][] = [];
      const hanging = keeper({
        forceFlush: (...given: unknown[]) => {
          seen.push(given);
          return new Promise(() => {});
        },
      });
      const provider = new LoggerProvider({ processors: [hanging] });
      await expect(provider.forceFlush({ timeoutMillis: 1 })).rejects.toThrow('Operation timed out.');
      expect(seen).toEqual([[]]);
    },
  );

  test('of the batch processor resolves at once while another one runs, with nothing delivered (E1)', async () => {
    const exporter = new HeldExporter();
    const processor = new BatchLogRecordProcessor({ exporter });
    loggerOf(processor).emit({ body: 'waits' });
    const first = processor.forceFlush();
    await processor.forceFlush();
    expect(exporter.records).toEqual([]);
    exporter.open();
    await first;
    expect(exporter.bodies).toEqual(['waits']);
  });
});

describe('enabled()', () => {
  needs('logger.enabled()')(
    'of one processor does not keep records from it, if another wants them (E10)',
    () => {
      const unwilling = keeper({ enabled: () => false });
      const willing = keeper();
      const logger = loggerOf(unwilling, willing);
      logger.emit({ body: 'text' });
      expect(logger.enabled()).toBe(true);
      expect([unwilling.records.length, willing.records.length]).toEqual([1, 1]);
    },
  );

  needs('logger.enabled()')('of all processors together keeps records from being made', () => {
    const unwilling = [keeper({ enabled: () => false }), keeper({ enabled: () => false })];
    const logger = loggerOf(...unwilling);
    logger.emit({ body: 'text' });
    expect(logger.enabled()).toBe(false);
    expect(unwilling.flatMap(({ records }) => records)).toEqual([]);
  });
});

describe('a record', () => {
  test('may be changed in onEmit, and the next processor sees the change', () => {
    const after = keeper();
    loggerOf(keeper({ onEmit: (record) => void record.setAttribute('added', true) }), after).emit({});
    expect(after.records[0]!.attributes).toEqual({ added: true });
  });

  needs('a time that is read-only')(
    'cannot be written after it was emitted: each setter only warns (E11)',
    () => {
      const processor = keeper();
      loggerOf(processor).emit({ body: 'text', severityNumber: Severity.INFO, attributes: { a: 1 } });
      const record = processor.records[0]!;
      const { hrTime } = record;
      record.setBody('changed');
      record.setAttribute('b', 2);
      record.setAttributes({ c: 3 });
      record.setSeverityNumber(Severity.ERROR);
      record.setSeverityText('ERROR');
      record.setEventName('changed');
      record.hrTime = [1, 1];
      expect(record).toMatchObject({ body: 'text', severityNumber: Severity.INFO });
      expect([record.severityText, record.eventName, record.hrTime]).toEqual([undefined, undefined, hrTime]);
      expect(record.attributes).toEqual({ a: 1 });
      expect(warnings).toEqual(Array(7).fill('Can not execute the operation on emitted log record'));
    },
  );

  test('has attributes that are not protected, which is why ours are added to a view (E11)', () => {
    const processor = keeper();
    loggerOf(processor).emit({ attributes: { a: 1 } });
    processor.records[0]!.attributes.b = 2;
    expect(processor.records[0]!.attributes).toEqual({ a: 1, b: 2 });
    expect(warnings).toEqual([]);
  });

  needs('copies of attributes')(
    'has a copy of its attributes, but the body of the application itself (E12)',
    () => {
      const processor = keeper();
      const cart = { items: ['book'] };
      loggerOf(processor).emit({ body: cart, attributes: { cart } });
      cart.items.push('pen');
      expect(processor.records[0]!.attributes).toEqual({ cart: { items: ['book'] } });
      expect(processor.records[0]!.body).toBe(cart);
    },
  );
});

test('a processor that throws throws into the application, and later processors are not called (E9)', () => {
  const after = keeper();
  const throwing = keeper({
    onEmit: () => {
      throw new Error('broken');
    },
  });
  expect(() => loggerOf(throwing, after).emit({})).toThrow('broken');
  expect(after.records).toEqual([]);
});

needs('this queue')(
  'the batch processor loses what comes in one tick over its queue, and says nothing (E6)',
  async () => {
    const exporter = new InMemoryLogRecordExporter();
    const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
    for (let number = 0; number < 5_000; number += 1) provider.getLogger('test').emit({ body: number });
    await provider.forceFlush();
    expect(exporter.getFinishedLogRecords()).toHaveLength(2_560);
    expect(warnings).toEqual([]);
  },
);

describe('emit({ exception })', () => {
  const attributesOf = (exception: unknown, attributes: Record<string, string> = {}) => {
    const processor = keeper();
    loggerOf(processor).emit({ exception, attributes });
    return processor.records[0]!.attributes;
  };

  needs('emit({ exception })')(
    'writes type, message and stack of an error; the cause is left out (E16)',
    () => {
      const error = new TypeError('no such user', { cause: new Error('offline') });
      expect(attributesOf(error)).toEqual({
        'exception.type': 'TypeError',
        'exception.message': 'no such user',
        'exception.stacktrace': error.stack,
      });
    },
  );

  needs('emit({ exception })')('takes the code for the type where there is one (E16)', () => {
    const missing = Object.assign(new Error('no such file'), { code: 'ENOENT' });
    expect(attributesOf(missing)['exception.type']).toBe('ENOENT');
    expect(attributesOf(new DOMException('stopped', 'AbortError'))['exception.type']).toBe('20');
  });

  needs('emit({ exception })')('never overwrites what the application wrote itself (E16)', () => {
    const error = new TypeError('secret');
    const given = { 'exception.type': 'MyError', 'exception.message': 'hidden' };
    expect(attributesOf(error, given)).toEqual({ ...given, 'exception.stacktrace': error.stack });
  });

  needs('emit({ exception })')(
    'writes the message alone of a thrown text, and nothing of a plain object or null (E16)',
    () => {
      expect(attributesOf('plain text')).toEqual({ 'exception.message': 'plain text' });
      expect(attributesOf({ reason: 'none' })).toEqual({});
      expect(attributesOf(null)).toEqual({});
    },
  );
});
