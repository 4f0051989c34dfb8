import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Measured, withFigures } from '../bench/readme-figures.js';
import { startOtlpReceiver } from './support/otlp-receiver.js';

const root = join(__dirname, '..');
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);

interface Block {
  readonly title: string;
  readonly code: string;
  /** The text block right behind it, if there is one. */
  readonly output: string | undefined;
}

/** The JavaScript blocks of a page. */
function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), 'utf8');
  const pattern = /```js\n([\s\S]*?)```(?:\n\n```text\n([\s\S]*?)```)?/g;
  return [...text.matchAll(pattern)].map((match, at) => ({
    title: `${page}, block ${at + 1}, line ${text.slice(0, match.index).split('\n').length}`,
    code: match[1]!,
    output: match[2],
  }));
}

/** To an OTLP/gRPC receiver. */
const exportTo = (url: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
  OTEL_TRACES_EXPORTER: 'none',
});

describe('every JavaScript block of the pages runs, and prints what the page says', () => {
  let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
  });
  afterAll(() => receiver.stop());

  test.each(pages.flatMap(blocksOf).map((block) => [block.title, block] as const))(
    '%s',
    async (_title, block) => {
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        ['--input-type=module', '--eval', block.code],
        { cwd: root, env: { ...process.env, ...exportTo(receiver.url) }, timeout: 60_000 },
      );
      expect(stderr).toBe('');
      if (block.output !== undefined) expect(stdout.trimEnd()).toBe(block.output.trimEnd());
    },
  );
});

test('every link between the pages leads somewhere', () => {
  const anchor = (heading: string) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-');
  const broken: string[] = [];
  for (const page of pages) {
    // Without code, in which `](` is no link.
    const text = readFileSync(join(root, page), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
    for (const match of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const target = match[1] === '' ? page : join(dirname(page), match[1]!);
      if (!existsSync(join(root, target))) broken.push(`${page}: ${match[0]}`);
      else if (match[2] !== undefined) {
        const headings = [...readFileSync(join(root, target), 'utf8').matchAll(/^#+ (.+)$/gm)].map((found) =>
          anchor(found[1]!),
        );
        if (!headings.includes(match[2])) broken.push(`${page}: ${match[0]}`);
      }
    }
  }
  expect(broken).toEqual([]);
});

test('the figures of README.md are those of the last full benchmark run', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const measured = JSON.parse(readFileSync(join(root, 'docs/benchmarks.json'), 'utf8')) as Measured;
  expect(withFigures(readme, measured)).toBe(readme);
  const page = readFileSync(join(root, 'docs/benchmarks.md'), 'utf8');
  for (const { figures } of measured.lines) expect(page).toContain(figures);
});

test('README.md is short', () => {
  expect(readFileSync(join(root, 'README.md'), 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(120);
});
