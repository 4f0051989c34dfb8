import type { AnyField, GroupData, ListData, MapData, ScalarData, VariantsData } from '../settings/index.ts';
import { definition, withoutFile } from './definition.ts';
import { exampleEntry, writtenDefault } from './example.ts';
import { boundsOf, fileFields } from './file-form.ts';

/** Generates docs/distlogd-reference.md from the definition that also validates. Markdown. */
export function configReference(): string {
  const sections = groupSections('', definition, 3);
  const without = `Without a configuration file, this one is used:\n\n\`\`\`yaml\n${withoutFile}\`\`\`\n`;
  return `${[...sections, without].join('\n')}`;
}

/** A heading, a sentence and a table for one group, followed by those of the groups below it. */
function groupSections(path: string, group: GroupData, level: number, more: readonly Row[] = []): string[] {
  const rows: Row[] = [...more];
  const below: string[] = [];
  for (const [key, field] of fileFields(group.fields)) {
    const at = path === '' ? key : `${path}.${key}`;
    rows.push(rowOf(key, field, at));
    below.push(...sectionsBelow(at, field, level));
  }
  const heading = path === '' ? '' : `${'#'.repeat(Math.min(level, 5))} \`${path}\`\n\n${group.meaning}\n\n`;
  return [`${heading}${table(rows)}`, ...below];
}

function sectionsBelow(path: string, field: AnyField, level: number): string[] {
  if (field.kind === 'group') return groupSections(path, field, level + 1);
  if (field.kind !== 'map') return [];
  if (field.value.kind === 'variants') return variantSections(path, field, field.value, level);
  if (field.value.kind !== 'group') return [];
  return [
    `${'#'.repeat(level)} \`${path}\`\n\n${field.meaning} A ${field.names.called} ${field.names.rule}.\n`,
    ...groupSections(`${path}.<${field.names.called}>`, field.value, level + 1),
  ];
}

/** Sections that are equal in all variants are written once. */
function variantSections(path: string, map: MapData, of: VariantsData, level: number): string[] {
  const heading = `${'#'.repeat(level)} \`${path}\`\n\n${map.meaning} A ${map.names.called} ${map.names.rule}.\n`;
  const types = Object.keys(of.variants);
  const typesOf = new Map<string, string[]>();
  for (const [type, variant] of Object.entries(of.variants)) {
    const row: Row = ['type', `\`${type}\``, 'required', of.meaning ?? ''];
    for (const section of groupSections(`${path}.<${map.names.called}>`, variant, level + 1, [row])) {
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

function rowOf(key: string, field: AnyField, path: string): Row {
  switch (field.kind) {
    case 'group':
      return [key, 'map', absenceOf(field, 'its defaults'), `${firstSentence(field)} See \`${path}\`.`];
    case 'variants':
      return [key, 'map', 'required', firstSentence(field)];
    case 'list':
      return [key, `list of ${typeOf(field.item)}`, absenceOf(field, ''), listMeaning(field)];
    case 'map': {
      const { meaning = '', names, value } = field;
      if (value.kind === 'variants' || value.kind === 'group') {
        const absence = field.absence.kind === 'required' ? 'required' : 'empty';
        return [key, 'map', absence, `${firstSentence(field)} See \`${path}\`.`];
      }
      return [
        key,
        'map',
        'empty',
        `${meaning} A ${names.called} ${names.rule}. ${exampleIn(exampleEntry(names.called, value.example))}`,
      ];
    }
    default:
      return [key, typeOf(field), absenceOf(field, `\`${writtenDefault(field)}\``), meaningOf(field)];
  }
}

function typeOf(field: AnyField): string {
  switch (field.kind) {
    case 'bytes':
      return `size ${boundsOf(field)}`;
    case 'millis':
      return `duration ${boundsOf(field)}`;
    case 'count':
    case 'number':
      return `number ${boundsOf(field)}`;
    case 'choice':
      return field.names.map((name) => `\`${name}\``).join(', ');
    case 'flag':
      return 'boolean';
    case 'text':
      return field.type;
    case 'value':
      return 'string, number or boolean';
    default:
      return field.kind;
  }
}

function absenceOf({ absence }: AnyField, byDefault: string): string {
  if (absence.kind === 'default') return byDefault;
  return absence.kind === 'required' ? 'required' : absence.says;
}

function meaningOf(field: ScalarData): string {
  const { meaning = '', example } = field;
  const isDefault = writtenDefault(field) === example;
  return example === undefined || isDefault ? meaning : `${meaning} ${exampleIn(example)}`;
}

function listMeaning({ meaning = '', item }: ListData): string {
  return item.example === undefined ? meaning : `${meaning} ${exampleIn(`[${item.example}]`)}`;
}

function exampleIn(text: string): string {
  return `Example: \`${text}\``;
}

function firstSentence({ meaning = '' }: AnyField): string {
  return /^.*?[.](?= |$)/s.exec(meaning)?.[0] ?? meaning;
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(([key, ...rest]) => `| \`${key}\` | ${rest.map(inCell).join(' | ')} |`);
  return ['| key | type | default | meaning |', '|---|---|---|---|', ...lines, ''].join('\n');
}

function inCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
