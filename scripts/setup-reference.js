// Generates the tables of docs/setup.md from the definitions of the settings. scripts/config-docs.js writes
// them.

/** @typedef {import('../src/settings/index.ts').AnyField} AnyField */

/**
 * @param {Readonly<Record<string, AnyField>>} fields of the settings
 * @param {(option: string) => string} variableOf
 * @returns {string} Markdown
 */
export function settingsReference(fields, variableOf) {
  const rows = Object.entries(fields).map(([option, field]) => [
    `\`${variableOf(option)}\``,
    `\`${option}\``,
    valuesOf(field),
    absenceOf(field),
    field.meaning ?? '',
  ]);
  const lines = rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  return ['| variable | option | value | default | meaning |', '|---|---|---|---|---|', ...lines].join('\n');
}

/** @param {AnyField} field */
function valuesOf(field) {
  switch (field.kind) {
    case 'choice':
      return field.names.map((name) => `\`${name}\``).join(', ');
    case 'flag':
      return '`true`, `false`';
    case 'millis':
      return `duration, such as \`${field.example}\``;
    case 'count':
      return `number from ${field.min}`;
    default:
      return `${'type' in field ? field.type : field.kind}, such as \`${field.example}\``;
  }
}

/** @param {AnyField} field */
function absenceOf({ absence }) {
  if (absence.kind === 'optional') return absence.says;
  return absence.kind === 'default' ? `\`${absence.value}\`` : 'required';
}
