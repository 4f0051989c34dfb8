import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor } from '../../src/burst/index.ts';
import { type ExportResultLike, Severity } from '../../src/record/index.ts';
import { StdoutLogRecordExporter, type StdoutLogRecordExporterOptions } from '../../src/stdout/index.ts';

class Collected extends Writable {
  text = '';
  isTTY = false;
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

/** A quiet record, then an error, through a burst. */
async function burstTo(options: StdoutLogRecordExporterOptions): Promise<void> {
  const exporter = new StdoutLogRecordExporter(options);
  const provider = new LoggerProvider({ processors: [new BurstLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger('shop');
  logger.emit({ severityNumber: Severity.DEBUG, body: 'card is checked', attributes: { amount: 42 } });
  logger.emit({ severityNumber: Severity.ERROR, body: 'card was declined' });
  await provider.shutdown();
}

test('elsewhere than on a terminal it writes lines of OTLP/JSON, which are complete', async () => {
  const stream = new Collected();
  await burstTo({ stream });
  const records = stream.text
    .trim()
    .split('\n')
    .flatMap((line) => JSON.parse(line).resourceLogs)
    .flatMap(({ scopeLogs }) => scopeLogs)
    .flatMap(({ logRecords }) => logRecords);
  expect(records.map(({ body }) => body.stringValue)).toEqual([
    'card was declined',
    'card is checked',
    'burst released 1 record (severity), 0 lost',
  ]);
  expect(records[1].attributes).toContainEqual({ key: 'amount', value: { intValue: '42' } });
});

test('on a terminal it writes a readable line for each record, with the burst below its trigger', async () => {
  const stream = new Collected();
  stream.isTTY = true;
  await burstTo({ stream, color: 'never' });
  const lines = stream.text.trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} ERROR .*card was declined$/);
  expect(lines[1]).toMatch(/^ {4}\d.* DEBUG .*card is checked +amount=42$/);
  expect(lines[2]).toMatch(/^ {4}.*burst released 1 record/);
});

test('records that pass after a burst are not part of it, and not indented', async () => {
  const stream = new Collected();
  const exporter = new StdoutLogRecordExporter({ stream, format: 'text', color: 'never' });
  const provider = new LoggerProvider({ processors: [new BurstLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger('shop');
  logger.emit({ severityNumber: Severity.DEBUG, body: 'held' });
  logger.emit({ severityNumber: Severity.ERROR, body: 'declined' });
  logger.emit({ severityNumber: Severity.DEBUG, body: 'passes' });
  await provider.shutdown();
  const indentOf = (body: string) => {
    const line = stream.text.split('\n').find((each) => each.includes(body));
    return line!.length - line!.trimStart().length;
  };
  expect(['held', 'declined', 'passes'].map(indentOf)).toEqual([4, 0, 0]);
});

describe('the form', () => {
  const written = async (isTTY: boolean, options: StdoutLogRecordExporterOptions) => {
    const stream = new Collected();
    stream.isTTY = isTTY;
    await burstTo({ ...options, stream });
    return stream.text;
  };
  const { NO_COLOR, FORCE_COLOR } = process.env;
  beforeEach(() => {
    delete process.env.NO_COLOR;
    delete process.env.FORCE_COLOR;
  });
  afterAll(() => {
    for (const [name, value] of Object.entries({ NO_COLOR, FORCE_COLOR })) {
      if (value !== undefined) process.env[name] = value;
    }
  });

  test('is OTLP/JSON on a terminal too, if that is asked for', async () => {
    const [line] = (await written(true, { format: 'otlpJson' })).split('\n');
    expect(JSON.parse(line!)).toHaveProperty('resourceLogs');
  });

  test('is text elsewhere than on a terminal, if that is asked for, without color', async () => {
    const text = await written(false, { format: 'text' });
    expect(text).toMatch(/ ERROR .*card was declined/);
    expect(text).not.toContain('\u001b');
  });

  test.each([
    ['on a terminal', true, {}, true],
    ['on a terminal with color "never"', true, { color: 'never' }, false],
    ['elsewhere with color "always"', false, { format: 'text', color: 'always' }, true],
  ] as const)('has color: %s', async (_, isTTY, options, hasColor) => {
    expect((await written(isTTY, options)).includes('\u001b[')).toBe(hasColor);
  });

  test('obeys NO_COLOR on a terminal', async () => {
    process.env.NO_COLOR = '1';
    expect(await written(true, {})).not.toContain('\u001b');
  });
});

test('control characters of a record reach no terminal', async () => {
  const stream = new Collected();
  const exporter = new StdoutLogRecordExporter({ stream, format: 'text', color: 'never' });
  const provider = new LoggerProvider({ processors: [new BurstLogRecordProcessor({ exporter })] });
  provider.getLogger('shop').emit({ severityNumber: Severity.INFO, body: '\u001b[2Jgone' });
  await provider.shutdown();
  expect(stream.text).not.toContain('\u001b');
  expect(stream.text).toContain('gone');
});

describe('the stream', () => {
  const record = () => ({
    hrTime: [0, 0] as [number, number],
    hrTimeObserved: [0, 0] as [number, number],
    body: 'x'.repeat(100),
    resource: { attributes: {} },
    instrumentationScope: { name: 'shop' },
    attributes: {},
    droppedAttributesCount: 0,
  });

  test('an export completes, and a flush resolves, when the stream has accepted its lines', async () => {
    const stream = new PassThrough({ highWaterMark: 1 });
    const exporter = new StdoutLogRecordExporter({ stream });
    const results: ExportResultLike[] = [];
    exporter.export([record()], (result) => results.push(result));
    exporter.export([record()], (result) => results.push(result));
    await new Promise(setImmediate);
    expect(results.length).toBeLessThan(2);
    stream.resume();
    await exporter.forceFlush();
    expect(results).toEqual([{ code: 0 }, { code: 0 }]);
    expect(stream.listenerCount('error')).toBe(0);
  });

  test('a closed reader fails the export, and nothing is thrown', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    const exporter = new StdoutLogRecordExporter({ stream });
    const result = await new Promise<ExportResultLike>((resolve) => exporter.export([record()], resolve));
    expect(result).toMatchObject({ code: 1, error: { message: 'EPIPE' } });
    await exporter.shutdown();
    const late = await new Promise<ExportResultLike>((resolve) => exporter.export([record()], resolve));
    expect(late.code).toBe(1);
  });

  test('what could not be written is not written a second time by a burst', async () => {
    let writes = 0;
    const stream = new Writable({
      write: (_chunk, _encoding, done) => {
        writes += 1;
        done();
      },
    });
    const failing = stream.write.bind(stream) as (text: string, end: (error?: Error) => void) => boolean;
    stream.write = ((text: string, end: (error?: Error) => void) =>
      failing(text, () =>
        end(Object.assign(new Error('reset'), { code: 'ECONNRESET' })),
      )) as typeof stream.write;
    const exporter = new StdoutLogRecordExporter({ stream });
    const burst = new BurstLogRecordProcessor({ exporter });
    const provider = new LoggerProvider({ processors: [burst] });
    provider.getLogger('shop').emit({ severityNumber: Severity.INFO, body: 'once' });
    await provider.forceFlush();
    expect({ writes, failed: burst.stats().failed }).toMatchObject({ writes: 1, failed: { export: 1 } });
  });

  test('nothing is written after the shutdown', async () => {
    const stream = new Collected();
    const exporter = new StdoutLogRecordExporter({ stream });
    await exporter.shutdown();
    const late = await new Promise<ExportResultLike>((resolve) => exporter.export([record()], resolve));
    expect({ late, text: stream.text }).toMatchObject({ late: { code: 1 }, text: '' });
  });

  test('an application continues after its reader has closed', async () => {
    const program = `
      import { LoggerProvider } from '@opentelemetry/sdk-logs';
      import { PriorityBatchLogRecordProcessor } from 'burstlog';
      import { StdoutLogRecordExporter } from 'burstlog/stdout';
      const processor = new PriorityBatchLogRecordProcessor({ exporter: new StdoutLogRecordExporter() });
      const logger = new LoggerProvider({ processors: [processor] }).getLogger('shop');
      process.stdin.once('data', async () => {
        for (let at = 0; at < 3; at += 1) {
          logger.emit({ severityNumber: 9, body: 'x'.repeat(100_000) });
          await processor.forceFlush();
        }
        process.stderr.write('ran on ' + processor.stats().failed.export);
        process.exit(0);
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: join(__dirname, '../..'),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.destroy();
    child.stdin.write('go\n');
    const [code] = await once(child, 'close');
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^ran on [1-3]/) });
  });
});

test('wrong options are refused with what is expected', () => {
  expect(() => new StdoutLogRecordExporter({ format: 'xml' as 'text' })).toThrow(
    'format must be "auto", "otlpJson" or "text", got "xml"',
  );
  expect(() => new StdoutLogRecordExporter({ stream: { write() {} } as never })).toThrow(
    'stream must be a writable stream, got an object',
  );
});
