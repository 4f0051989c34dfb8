import fs, { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BoxHeader, decodeHeader, encodeHeader } from '../../src/box/box-header.ts';
import { ByteReader } from '../../src/box/byte-reader.ts';
import { ByteWriter } from '../../src/box/byte-writer.ts';
import { writeFallback } from '../../src/box/fallback.ts';
import {
  boxFields,
  completeBoxOptions,
  type Ending,
  Entry,
  endingText,
  HEADER_BYTES,
  handledElsewhere,
  isFailure,
  OURS,
  readBox,
} from '../../src/box/index.ts';
import { isAlive, pidNamespace, processMark } from '../../src/box/process-identity.ts';
import { vitalSigns } from '../../src/box/vital-signs.ts';
import { decodeJsonLogs } from '../../src/otlp/index.ts';
import { group, resolve } from '../../src/settings/index.ts';
import { flatLogs } from '../otlp/amplifying.ts';
import { aRecord, memoryBox, resource, spanContext } from './support/memory-box.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function written(write: (out: ByteWriter) => void, redact: readonly string[] = []): Buffer {
  const out = new ByteWriter(Buffer.alloc(66_000), new Set(redact));
  write(out);
  return out.bytes.subarray(0, out.at);
}
const readerOf = (bytes: Uint8Array) => new ByteReader(Buffer.from(bytes), 0, bytes.length);
const again = (value: unknown, redact: readonly string[] = []) => {
  const bytes = written((out) => out.value(value), redact);
  const reader = readerOf(bytes);
  const found = reader.value('the last one');
  expect(reader.isAtEnd).toBe(true);
  return found;
};

describe('bytes', () => {
  const numbers = [0, 1, 127, 128, 16_383, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 49, 2 ** 53 - 1];

  test.each(numbers)('the number %d has seven bits a byte, the lowest first', (value) => {
    const bytes = written((out) => out.varint(value));
    expect(bytes).toHaveLength(Math.ceil(value.toString(2).length / 7));
    expect(readerOf(bytes).varint()).toBe(value);
    expect(bytes.every((byte, at) => byte >= 0x80 === at < bytes.length - 1)).toBe(true);
  });

  test('a number of either sign alternates between them', () => {
    const signed = (value: number) => hex(written((out) => out.signed(value)));
    expect([0, -1, 1, -2, 2, -64, 64].map(signed)).toEqual(['00', '01', '02', '03', '04', '7f', '8001']);
    for (const value of [...numbers.slice(0, -1), 2 ** 51, -(2 ** 51)].flatMap((each) => [each, -each])) {
      expect(readerOf(written((out) => out.signed(value))).signed() + 0).toBe(value + 0);
    }
  });

  test.each([0, 1, 42, 43, 5_461, 5_462, 20_000])(
    'a text of %d characters has its length before it',
    (length) => {
      for (const text of ['a'.repeat(length), '漢'.repeat(length)]) {
        const bytes = written((out) => out.text(text));
        expect(readerOf(bytes).text()).toBe(text);
        expect(bytes.subarray(-Buffer.byteLength(text) || bytes.length).toString()).toBe(text);
      }
    },
  );

  test('a short text is in one byte more, a small number in one', () => {
    expect(hex(written((out) => out.value('hi')))).toBe('826869');
    expect(hex(written((out) => out.value('')))).toBe('80');
    expect(hex(written((out) => out.value(63)))).toBe('ff');
    expect(hex(written((out) => out.value(64)))).toBe('048001');
    expect(hex(written((out) => out.value(-1)))).toBe('0401');
    expect(hex(written((out) => out.value(0.5)))).toBe('05000000000000e03f');
    expect(hex(written((out) => [null, undefined, true, false].map((each) => out.value(each))))).toBe(
      '00010203',
    );
  });

  test('values come back, those that are none as what can be read of them', () => {
    for (const value of [
      2 ** 52 - 1,
      2 ** 52,
      -(2 ** 52),
      -0,
      'a'.repeat(64),
      [1, 'a', true],
      { a: { b: [null] } },
    ]) {
      expect(again(value)).toEqual(value);
    }
    expect(again(10n)).toBe('10');
    expect(again(new Map([['a', 1]]))).toEqual({ a: 1 });
    expect(again({ secret: 1, other: { secret: 'x' } }, ['secret'])).toEqual({
      secret: '[redacted]',
      other: { secret: '[redacted]' },
    });
  });

  test('ids are their bytes, and what is no id is not written', () => {
    const out = new ByteWriter(Buffer.alloc(100), new Set());
    expect(out.hex('0aF0', 2)).toBe(true);
    for (const wrong of ['0a', '0a0g', '0a0', '']) expect(out.hex(wrong, 2)).toBe(false);
    expect(out.at).toBe(2);
    expect(readerOf(out.bytes.subarray(0, 2)).hex(2)).toBe('0af0');
  });

  test('what does not fit is over, and nothing more is written', () => {
    const out = new ByteWriter(Buffer.alloc(200), new Set());
    out.end = 100;
    out.text('a'.repeat(32));
    expect([out.isOver, out.at]).toEqual([false, 33]);
    out.text('a'.repeat(22));
    expect(out.isOver).toBe(true);
    const { at } = out;
    out.byte(1);
    out.varint(1);
    out.double(1);
    out.text('');
    out.value({ a: [new Uint8Array(3)] });
    expect(out.hex('0a', 1)).toBe(true);
    expect([out.at, out.isOver]).toEqual([at, true]);
    const bytes = new ByteWriter(Buffer.alloc(200), new Set());
    bytes.end = 100;
    bytes.value(new Uint8Array(101));
    expect(bytes.isOver).toBe(true);
  });

  test('a reader rejects truncated and invalid bytes', () => {
    const refused = (read: (reader: ByteReader) => unknown, ...bytes: readonly number[]) =>
      expect(() => read(readerOf(Uint8Array.from(bytes)))).toThrow(
        /unexpected end|too large|too deeply|unknown kind/,
      );
    refused((reader) => reader.byte());
    refused((reader) => reader.varint(), 0x80);
    refused((reader) => reader.varint(), ...new Array(8).fill(0x80), 0);
    refused((reader) => reader.varint(), ...new Array(7).fill(0xff), 0x7f);
    refused((reader) => reader.double(), ...new Array(7).fill(0));
    refused((reader) => reader.hex(2), 1);
    refused((reader) => reader.text(), 2, 0x61);
    for (const kind of [12, 0x3f, 0x40, 0x7f]) refused((reader) => reader.value(undefined), kind);
    // Lists and maps of more than there are bytes, and bytes beyond the end.
    for (const kind of [8, 9, 10]) refused((reader) => reader.value(undefined), kind, 5, 0);
    refused((reader) => reader.value(undefined), ...Array.from({ length: 40 }, () => [9, 1]).flat(), 0);
    expect(readerOf(Uint8Array.of(7)).value('as before')).toBe('as before');
    expect(readerOf(Uint8Array.of(11)).value(1)).toBe('[redacted]');
  });
});

describe('the header', () => {
  const header = (more: Partial<BoxHeader> = {}) => {
    const found = decodeHeader(memoryBox(more).file);
    if (typeof found === 'string') throw new Error(found);
    return found;
  };

  test('of the higher revision counts, in whichever place it is', () => {
    const [old, young] = [header({ pid: 1 }), header({ pid: 2 })];
    for (const [first, second, pid] of [
      [encodeHeader(old, 1), encodeHeader(young, 2), 2],
      [encodeHeader(young, 2), encodeHeader(old, 1), 2],
      [encodeHeader(young, 5), Buffer.alloc(HEADER_BYTES), 2],
    ] as const) {
      expect(decodeHeader(Buffer.concat([first, second]))).toMatchObject({ pid });
    }
  });

  test('leaves out the attributes of resources that do not fit, the last ones first', () => {
    const large = (size: number) => ({ attributes: { x: 'x'.repeat(size) } });
    const bytes = encodeHeader(header({ resources: [large(10), large(6_000), large(9_000)] }), 1);
    const found = decodeHeader(bytes) as BoxHeader;
    expect(found.resources.map(({ attributes }) => String(attributes.x ?? '').length)).toEqual([
      10, 6_000, 0,
    ]);
    expect(() => encodeHeader(header({ service: 's'.repeat(20_000), resources: [] }), 1)).toThrow(
      'the header of a black box is too large',
    );
  });

  test.each<[string, object]>([
    ['an id of another length', { id: 'ab' }],
    ['an id of capitals', { id: 'AB'.repeat(16) }],
    ['a process id that is none', { pid: '1' }],
    ['a time that is none', { madeMillis: null }],
    ['no service', { service: undefined }],
    ['resources that are none', { resources: 'none' }],
    ['a resource without attributes', { resources: [{}] }],
  ])('with %s is damaged', (_what, wrong) => {
    expect(decodeHeader(encodeHeader({ ...header(), ...wrong } as BoxHeader, 1))).toBe('damaged');
  });

  test('that is cut is none', () => {
    expect(decodeHeader(memoryBox().file.subarray(0, HEADER_BYTES - 1))).toBe('not a box');
    expect(typeof decodeHeader(memoryBox().file.subarray(0, HEADER_BYTES))).toBe('object');
  });
});

describe('what remains', () => {
  test('of a burst that was released whole, in part, or not at all', () => {
    const { writer, bodies } = memoryBox();
    const key = spanContext('a').traceId;
    const hold = (...all: readonly string[]) =>
      all.map((body) => writer.held(aRecord(body, { spanContext: spanContext('a') }), key));
    hold('1', '2');
    writer.released(key, 0);
    hold('3', '4', '5');
    writer.released(key, 2);
    writer.released('unknown', 9);
    writer.flush();
    expect(bodies()).toEqual(['4', '5']);
  });

  test('is what was not settled, of however many deliveries', () => {
    const { writer, bodies } = memoryBox();
    for (let delivery = 1; delivery <= 6; delivery += 1) writer.loud(aRecord(String(delivery)), delivery);
    writer.settled(2, 3);
    writer.settled(6, 1_000_000);
    writer.flush();
    expect(bodies()).toEqual(['1', '4', '5']);
  });

  test('has sixteen last words at most, the newest', () => {
    const { writer, contents } = memoryBox();
    for (let atMillis = 0; atMillis < 20; atMillis += 1) {
      writer.json(Entry.LAST_WORDS, { atMillis, text: 't', isFailure: false });
    }
    writer.flush();
    expect(contents().lastWords.map(({ atMillis }) => atMillis)).toEqual(
      Array.from({ length: 16 }, (_, at) => at + 4),
    );
  });

  test('is nothing of a box that was never written to', () => {
    expect(readBox(memoryBox().file)).toMatchObject({
      records: [],
      signs: [],
      lastWords: [],
      lastFrame: 0,
      missingFrames: 0,
    });
  });
});

describe('an ending', () => {
  test.each<[Ending, boolean, string]>([
    [{ kind: 'uncaughtException', error: new TypeError('no') }, true, 'uncaught exception: TypeError: no'],
    [{ kind: 'unhandledRejection', error: 'text' }, true, 'unhandled rejection: text'],
    [{ kind: 'signal', signal: 'SIGTERM' }, false, 'signal SIGTERM'],
    [{ kind: 'exit', code: 0 }, false, 'exit code 0'],
    [{ kind: 'exit', code: 3 }, true, 'exit code 3'],
  ])('%j is a failure: %p', (ending, failure, text) => {
    expect([isFailure(ending), endingText(ending)]).toEqual([failure, text]);
  });

  test('is handled elsewhere if there is a listener that is not ours and does not only observe', () => {
    const event = 'SIGUSR2';
    const before = handledElsewhere(event);
    const ours = Object.assign(() => {}, { [OURS]: true });
    const others = () => {};
    const watching = Symbol.for('signal-exit emitter');
    const global = globalThis as Record<symbol, unknown>;
    const emitter = global[watching];
    try {
      process.on(event, ours);
      expect([before, handledElsewhere(event)]).toEqual([false, false]);
      process.on(event, others);
      expect(handledElsewhere(event)).toBe(true);
      global[watching] = { count: 1 };
      expect(handledElsewhere(event)).toBe(false);
      global[watching] = { count: '9' };
      expect(handledElsewhere(event)).toBe(true);
    } finally {
      global[watching] = emitter;
      process.off(event, ours).off(event, others);
    }
  });
});

describe('the options of a box', () => {
  const options = (given: object) =>
    completeBoxOptions(resolve(group(boxFields), 'blackBox', { directory: '/d', ...given }));
  const { OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES } = process.env;
  afterEach(() => {
    for (const [name, value] of Object.entries({ OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  test('exclude loggers by their name, or by its beginning', () => {
    const { isExcluded } = options({ exclude: ['noisy', 'sql.*'] });
    const excluded = ['noisy', 'sql.', 'sql.pool'];
    for (const name of excluded) expect([name, isExcluded(name)]).toEqual([name, true]);
    for (const name of ['noisy.more', 'sql', 'my.sql.x', ''])
      expect([name, isExcluded(name)]).toEqual([name, false]);
    expect(options({ exclude: ['*'] }).isExcluded('any')).toBe(true);
    expect(options({}).isExcluded('any')).toBe(false);
  });

  test('take names only', () => {
    for (const wrong of ['a', [''], [1], {}]) {
      expect(() => options({ exclude: wrong })).toThrow('a list of names');
      expect(() => options({ redact: wrong })).toThrow('a list of names');
    }
    expect([...options({ redact: ['a', 'b', 'a'] }).redact]).toEqual(['a', 'b']);
  });

  test('have the service of the environment where none is given', () => {
    const service = (name: string | undefined, attributes: string | undefined) => {
      delete process.env.OTEL_SERVICE_NAME;
      delete process.env.OTEL_RESOURCE_ATTRIBUTES;
      if (name !== undefined) process.env.OTEL_SERVICE_NAME = name;
      if (attributes !== undefined) process.env.OTEL_RESOURCE_ATTRIBUTES = attributes;
      return options({}).service;
    };
    expect(service(undefined, undefined)).toBe('unknown_service');
    expect(service('shop', 'service.name=other')).toBe('shop');
    expect(service('', 'a=b, service.name = other ,c=d')).toBe('other');
    expect(service(undefined, 'my.service.name=no')).toBe('unknown_service');
    expect(options({ service: 'given' }).service).toBe('given');
  });
});

describe('the fallback', () => {
  const folder = mkdtempSync(join(tmpdir(), 'burstlog-fallback-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('is a file for its user alone, to which lines of OTLP/JSON are appended', () => {
    const file = join(folder, 'records.jsonl');
    writeFallback({ file }, []);
    expect(() => statSync(file)).toThrow('ENOENT');
    const many = Array.from({ length: 1_200 }, (_, at) => aRecord(`record ${at}`));
    writeFallback({ file }, many);
    writeFallback({ file }, [aRecord('last')]);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const bodies = flatLogs(lines.map((line) => decodeJsonLogs(line))).map(({ record }) => record.body);
    expect(bodies).toEqual([...many.map(({ body }) => body), 'last']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(flatLogs([decodeJsonLogs(lines[0]!)])[0]!.resource.attributes).toEqual([
      ['service.name', resource.attributes['service.name']],
    ]);
  });

  test('never throws where it cannot be written, and says so on standard error', () => {
    const said = jest.spyOn(fs, 'writeSync').mockReturnValue(0);
    writeFallback({ file: join(folder, 'no/such/folder') }, [aRecord('lost'), aRecord('too')]);
    const calls = said.mock.calls.map(([descriptor, text]) => [descriptor, text]);
    said.mockRestore();
    expect(calls).toEqual([
      [2, expect.stringMatching(/^burstlog: 2 records could not be written to the fallback: Error: ENOENT/)],
    ]);
  });
});

describe('a process', () => {
  const own = { pid: process.pid, processMark: processMark(process.pid), pidNamespace: pidNamespace() };

  test('is alive where its id and its start are those of a box', () => {
    expect(isAlive(own, 1e9)).toBe(true);
    expect(isAlive({ ...own, processMark: '' }, 1e9)).toBe(true);
    if (own.processMark !== '') expect(isAlive({ ...own, processMark: 'another/1' }, 0)).toBe(false);
    expect(isAlive({ ...own, pid: 2 ** 30 }, 0)).toBe(false);
  });

  test('of another container is alive as long as it wrote within 15 seconds', () => {
    const other = { ...own, pidNamespace: 'pid:[1]', processMark: 'x' };
    expect([14_999, 15_000].map((idle) => isAlive(other, idle))).toEqual([true, false]);
  });

  test('has vital signs: its memory, how late its loop is, and what it holds', () => {
    const signs = vitalSigns(12.345, 7);
    expect(signs).toMatchObject({ loopDelayMillis: 12.3, holding: 7 });
    expect(signs.rss).toBeGreaterThan(1e6);
    expect(signs.heapUsed).toBeGreaterThan(1e6);
    expect(signs.heapLimit).toBeGreaterThan(signs.heapUsed);
    expect(Math.abs(signs.atMillis - Date.now())).toBeLessThan(60_000);
    expect(vitalSigns(-3, 0).loopDelayMillis).toBe(0);
  });
});
