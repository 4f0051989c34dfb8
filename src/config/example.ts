import { type Field, keyOf, type ObjectField, type ScalarField } from './field.ts';
import { schema } from './schema.ts';

/**
 * A configuration file that shows every key with what it means and its default, made of the schema. It is valid as
 * it stands. A `#` without a blank behind it begins an optional key, with an example; of keys that stand for each
 * other only one may be there.
 */
export function exampleConfig(): string {
  return `${objectLines(schema as ObjectField<unknown>, '', false, [])
    .join('\n')
    .trim()}\n`;
}

/** Names of sinks in the example. */
const sinkNames: Readonly<Record<string, string>> = {
  file: 'archive',
  otlp: 'collector',
  console: 'terminal',
};

function objectLines(
  field: ObjectField<unknown>,
  indent: string,
  isOff: boolean,
  first: readonly string[],
): string[] {
  const lines = [...first];
  for (const [property, child] of Object.entries(field.fields as Record<string, Field<unknown>>)) {
    const key = keyOf(property);
    const off = isOff || isOptional(child);
    const mark = off ? '#' : '';
    if (indent === '' && lines.length > 0) lines.push('');
    lines.push(...wrapped(child.meaning, `${indent}# `));
    lines.push(...valueLines(child, `${indent}${mark}${key}:`, indent, off));
  }
  return lines;
}

function valueLines(field: Field<unknown>, start: string, indent: string, off: boolean): string[] {
  const deeper = `${indent}  `;
  if (field.kind === 'scalar') return [`${start} ${scalarText(field)}`];
  if (field.kind === 'list') return [`${start} [${field.item.example}]`];
  if (field.kind === 'object') return [start, ...objectLines(field as ObjectField<unknown>, deeper, off, [])];
  if (field.kind === 'choice') return [];
  const { value } = field;
  if (value.kind === 'scalar') return [`${start} { authorization: '${value.example}' }`];
  const variants = Object.entries(value.variants).flatMap(([type, variant]) => {
    const heading = [`${deeper}# ${variant.meaning}`, `${deeper}${sinkNames[type] ?? type}:`];
    return [
      ...heading,
      ...objectLines(variant as ObjectField<unknown>, `${deeper}  `, off, [`${deeper}  type: ${type}`]),
    ];
  });
  return [start, ...variants];
}

function scalarText({ absence, example }: ScalarField<unknown>): string {
  if (absence.kind === 'default') return absence.text;
  return example ?? '';
}

/** What a file need not say, and what would say the same twice. */
function isOptional(field: Field<unknown>): boolean {
  if (field.kind === 'scalar' || field.kind === 'list') {
    return field.absence.kind === 'optional' || field.absence.kind === 'derived';
  }
  if (field.kind === 'map') return field.absence === 'empty';
  return field.kind === 'object' && field.absence === 'optional';
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
