import type { AnyField, GroupData, ScalarData } from '../settings/index.ts';
import { definition } from './definition.ts';
import { fileFields, showAmount } from './file-form.ts';

/** The schema, relative to the directory of the example. */
const modeline = '# yaml-language-server: $schema=../docs/distlogd.schema.json\n';

/**
 * Generates a configuration file that shows every key with its description and default. The file is valid. A
 * `#` without a blank after it begins an optional key, with an example; of alternative keys only one may be
 * set.
 */
export function exampleConfig(): string {
  const text = groupLines(definition, '', false, []).join('\n').trim();
  return `${modeline}\n${text}\n`;
}

/** Names of sinks in the example. */
const sinkNames: Readonly<Record<string, string>> = {
  file: 'archive',
  otlp: 'collector',
  forward: 'fleet',
  publish: 'live',
  console: 'terminal',
};

function groupLines(group: GroupData, indent: string, isOff: boolean, first: readonly string[]): string[] {
  const lines = [...first];
  for (const [key, field] of fileFields(group.fields)) {
    const off = isOff || isOptional(field);
    if (indent === '' && lines.length > 0) lines.push('');
    lines.push(...wrapped(field.meaning ?? '', `${indent}# `));
    lines.push(...valueLines(field, `${indent}${off ? '#' : ''}${key}:`, indent, off));
  }
  return lines;
}

function valueLines(field: AnyField, start: string, indent: string, off: boolean): string[] {
  const deeper = `${indent}  `;
  switch (field.kind) {
    case 'group':
      return [start, ...groupLines(field, deeper, off, [])];
    case 'list':
      return [`${start} [${field.item.example}]`];
    case 'variants':
      return [];
    case 'map':
      if (field.value.kind === 'group') {
        const name = `${deeper}${off ? '#' : ''}${field.names.called}1:`;
        return [start, name, ...groupLines(field.value, `${deeper}  `, off, [])];
      }
      if (field.value.kind !== 'variants') {
        return [`${start} ${exampleEntry(field.names.called, `'${field.value.example}'`)}`];
      }
      return [
        start,
        ...Object.entries(field.value.variants).flatMap(([type, variant]) => [
          `${deeper}# ${variant.meaning}`,
          `${deeper}${sinkNames[type] ?? type}:`,
          ...groupLines(variant, `${deeper}  `, off, [`${deeper}  type: ${type}`]),
        ]),
      ];
    default:
      return [`${start} ${writtenDefault(field) ?? field.example ?? ''}`];
  }
}

/** A map with one example entry. */
export function exampleEntry(called: string, value: string | undefined): string {
  return `{ ${called === 'header' ? 'authorization' : 'http.route'}: ${value} }`;
}

/** The default as written in a file; undefined if there is none. */
export function writtenDefault({ absence, kind }: ScalarData): string | undefined {
  if (absence.kind !== 'default') return undefined;
  const { value } = absence;
  return typeof value === 'number' && (kind === 'bytes' || kind === 'millis')
    ? showAmount(kind, value)
    : String(value);
}

/** Whether the example shows the key as a comment: it is optional, or an alternative to another key. */
function isOptional({ kind, absence }: AnyField): boolean {
  if (kind === 'map') return absence.kind !== 'required';
  // Receivers are optional, but the example opens them.
  return absence.kind === 'optional' && !(kind === 'group' && absence.says === 'closed');
}

function wrapped(text: string, start: string): string[] {
  const lines: string[] = [];
  let line = start.trimEnd();
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > 100 && line !== start.trimEnd()) {
      lines.push(line);
      line = start.trimEnd();
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
