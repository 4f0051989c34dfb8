import {
  type Absence,
  type ChoiceField,
  type Field,
  keyOf,
  type ListField,
  type MapField,
  type ObjectField,
  type ScalarField,
} from './field.ts';
import { schema, withoutFile } from './schema.ts';

/** The reference part of docs/distlogd.md, made of the schema that also checks. Markdown. */
export function configReference(): string {
  const sections = objectSections('', schema as ObjectField<unknown>, 3);
  const without = `Without a file it is as if this were given:\n\n\`\`\`yaml\n${withoutFile}\`\`\`\n`;
  return `${[...sections, without].join('\n')}`;
}

/** A heading, a sentence and a table for one object, then the same for those below it. */
function objectSections(
  path: string,
  field: ObjectField<unknown>,
  level: number,
  more: readonly Row[] = [],
): string[] {
  const rows: Row[] = [...more];
  const below: string[] = [];
  for (const [property, child] of Object.entries(field.fields as Record<string, Field<unknown>>)) {
    const key = keyOf(property);
    const at = path === '' ? key : `${path}.${key}`;
    rows.push(rowOf(key, child, at));
    below.push(...sectionsBelow(at, child, level));
  }
  const heading = path === '' ? '' : `${'#'.repeat(Math.min(level, 5))} \`${path}\`\n\n${field.meaning}\n\n`;
  return [`${heading}${table(rows)}`, ...below];
}

function sectionsBelow(path: string, field: Field<unknown>, level: number): string[] {
  if (field.kind === 'object') return objectSections(path, field as ObjectField<unknown>, level + 1);
  if (field.kind !== 'map' || field.value.kind !== 'choice') return [];
  return choiceSections(path, field, field.value, level);
}

function choiceSections(
  path: string,
  map: MapField<unknown>,
  choice: ChoiceField<unknown>,
  level: number,
): string[] {
  const heading = `${'#'.repeat(level)} \`${path}\`\n\n${map.meaning} Each is ${map.names.wish}.\n`;
  const types = Object.keys(choice.variants);
  const typesOf = new Map<string, string[]>();
  for (const [type, variant] of Object.entries(choice.variants)) {
    const row: Row = ['type', `\`${type}\``, 'needed', choice.meaning];
    const below = `${path}.<${map.names.called}>`;
    for (const section of objectSections(below, variant as ObjectField<unknown>, level + 1, [row])) {
      typesOf.set(section, [...(typesOf.get(section) ?? []), type]);
    }
  }
  const own = [...typesOf].filter(([, of]) => of.length < types.length);
  const shared = [...typesOf].filter(([, of]) => of.length === types.length);
  const marked = own.map(([section, of]) => {
    const which = of.map((type) => `\`type: ${type}\``).join(' and ');
    return section.replace(/^(#+ `[^`]*`)/, `$1 (${which})`);
  });
  return [heading, ...marked, ...shared.map(([section]) => section)];
}

/** Key, type and bound, default, meaning. */
type Row = readonly [string, string, string, string];

function rowOf(key: string, field: Field<unknown>, path: string): Row {
  if (field.kind === 'scalar') return [key, typeOf(field), absenceOf(field.absence), withExample(field)];
  if (field.kind === 'list')
    return [key, `list of ${typeOf(field.item)}`, absenceOf(field.absence), listMeaning(field)];
  if (field.kind === 'map' && field.value.kind === 'scalar') {
    const value = `${field.meaning} A key is ${field.names.wish}; a value is ${field.value.wish}.`;
    return [key, 'map', 'empty', `${value} Example: \`{ authorization: ${field.value.example} }\``];
  }
  const absence =
    field.kind === 'object'
      ? {
          default: 'its defaults',
          off: 'its defaults',
          optional: 'off',
          named: 'closed',
          required: 'needed',
        }[field.absence]
      : 'needed';
  return [key, 'map', absence, `${firstSentence(field.meaning)} See \`${path}\`.`];
}

function typeOf({ type, wish }: ScalarField<unknown>): string {
  const bound = /^(?:a size|a duration|a whole number) (from [^,]*)/.exec(wish)?.[1];
  return bound === undefined ? type : `${type} ${bound}`;
}

function absenceOf(absence: Absence): string {
  if (absence.kind === 'default') return `\`${absence.text}\``;
  if (absence.kind === 'required') return 'needed';
  return absence.says;
}

function withExample({ meaning, example, absence }: ScalarField<unknown>): string {
  const isDefault = absence.kind === 'default' && absence.text === example;
  return example === undefined || isDefault ? meaning : `${meaning} Example: \`${example}\``;
}

function listMeaning({ meaning, item }: ListField<unknown>): string {
  return item.example === undefined ? meaning : `${meaning} Example: \`[${item.example}]\``;
}

function firstSentence(text: string): string {
  return /^.*?[.](?= |$)/s.exec(text)?.[0] ?? text;
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(([key, ...rest]) => `| \`${key}\` | ${rest.map(inCell).join(' | ')} |`);
  return ['| key | type | default | meaning |', '|---|---|---|---|', ...lines, ''].join('\n');
}

function inCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
