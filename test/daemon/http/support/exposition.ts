export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/;
const VALUE = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|NaN|[+-]Inf)$/i;

/**
 * Reads the Prometheus text exposition format 0.0.4, more strictly than Prometheus does: each family once, HELP before
 * TYPE before its samples, no sample twice.
 * @throws Error with the line
 */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let help: readonly [string, string] | undefined;
  let current: readonly [string, Family] | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const wrong = (why: string) => new Error(`${why}: ${JSON.stringify(line)}`);
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (families.has(name)) throw wrong('a family twice');
      if (/\\[^\\n]/.test(rest.replaceAll('\\\\', ''))) throw wrong('an escape that HELP does not have');
      help = [name, rest];
    } else if (kind === 'TYPE') {
      if (help?.[0] !== name) throw wrong('TYPE without its HELP');
      if (!['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(rest))
        throw wrong('no such type');
      current = [name, { type: rest, help: help[1], samples: [] }];
      families.set(...current);
    } else {
      const [, sampleName, labelText = '', value = ''] = SAMPLE.exec(line) ?? [];
      if (sampleName === undefined) throw wrong('no sample');
      if (sampleName !== current?.[0]) throw wrong('a sample outside of its family');
      if (!VALUE.test(value)) throw wrong('no value');
      const labels = labelsOf(labelText, wrong);
      const key = `${sampleName} ${JSON.stringify(Object.entries(labels).sort())}`;
      if (seen.has(key)) throw wrong('a sample twice');
      seen.add(key);
      current[1].samples.push({ labels, value: Number(value.replace('Inf', 'Infinity')) });
    }
  }
  return families;
}

function labelsOf(text: string, wrong: (why: string) => Error): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== ''; ) {
    const [whole = '', name = '', value = ''] = LABEL.exec(rest) ?? [];
    if (whole === '' || name in labels) throw wrong('wrong labels');
    const escapes: Record<string, string> = { n: '\n', '"': '"', '\\': '\\' };
    labels[name] = value.replaceAll(/\\(.)/g, (_all, letter: string) => escapes[letter]!);
    rest = rest.slice(whole.length);
  }
  return labels;
}
