export interface ParsedMetric {
  readonly type: string;
  readonly help: string;
  readonly samples: { readonly labels: Record<string, string>; readonly value: number }[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"/;
const VALUE = /^(?:[+-]?Inf|NaN|[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/;

/**
 * Parses the Prometheus text format 0.0.4 strictly: HELP and TYPE once and before the
 * samples, samples of a metric together, no sample twice, every line ended.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parsePrometheus(text: string): Map<string, ParsedMetric> {
  const metrics = new Map<string, ParsedMetric>();
  if (!text.endsWith('\n')) throw new Error('the last line is not ended');
  let current = '';
  let help: { name: string; text: string } | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const fail = (why: string) => new Error(`${why}: ${JSON.stringify(line)}`);
    if (line.startsWith('# HELP ')) {
      const [, name = '', description = ''] = /^# HELP (\S+) ([^\n]*)$/.exec(line) ?? [];
      if (!/^(?:[^\\]|\\\\|\\n)+$/.test(description)) throw fail('a wrong help');
      help = { name, text: description };
    } else if (line.startsWith('# TYPE ')) {
      const [, name = '', type = ''] = /^# TYPE (\S+) (counter|gauge)$/.exec(line) ?? [];
      if (NAME.exec(name)?.[0] !== name) throw fail('a wrong name');
      if (help?.name !== name) throw fail('no help before');
      if (metrics.has(name)) throw fail('announced twice');
      if (type === 'counter' && !name.endsWith('_total')) throw fail('a counter without _total');
      metrics.set(name, { type, help: help.text, samples: [] });
      current = name;
    } else {
      const name = NAME.exec(line)?.[0] ?? '';
      if (name !== current) throw fail('a sample elsewhere than under its type');
      let rest = line.slice(name.length);
      const labels: Record<string, string> = {};
      if (rest.startsWith('{')) {
        rest = rest.slice(1);
        for (;;) {
          const [whole, label, value] = LABEL.exec(rest) ?? [];
          if (whole === undefined || label! in labels) throw fail('a wrong label');
          labels[label!] = value!.replaceAll(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char));
          rest = rest.slice(whole.length);
          if (rest.startsWith('}')) break;
          if (!rest.startsWith(',')) throw fail('no comma');
          rest = rest.slice(1);
        }
        rest = rest.slice(1);
      }
      const value = rest.startsWith(' ') ? rest.slice(1) : '';
      if (!VALUE.test(value)) throw fail('a wrong value');
      const { samples } = metrics.get(name)!;
      const key = JSON.stringify(Object.entries(labels).sort());
      if (samples.some((one) => JSON.stringify(Object.entries(one.labels).sort()) === key))
        throw fail('a sample twice');
      samples.push({ labels, value: Number(value.replace('Inf', 'Infinity')) });
    }
  }
  return metrics;
}
