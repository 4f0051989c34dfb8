import type { AnyField, GroupData, NumberData } from '../settings/index.ts';
import { definition } from './definition.ts';
import { writtenDefault } from './example.ts';
import { fileFields } from './file-form.ts';

type Schema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema (draft-07) of a configuration file, made of the definition that also checks: editors complete keys
 * and values by it, show what they mean, and underline what is wrong. It refuses nothing that is valid. What it cannot
 * say (bounds of sizes, relations between keys) `distlogd validate` checks.
 */
export function configSchema(): Schema {
  return { ...schemaOfFile(definition), title: 'distlogd.yaml' };
}

/** The schema of a file with such options. */
export function schemaOfFile(options: GroupData): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...schemaOf(options),
    // The file as a whole cannot be empty.
    type: 'object',
    definitions,
  };
}

function schemaOf(field: AnyField): Schema {
  const { meaning } = field;
  return { ...(meaning === undefined ? {} : { description: meaning }), ...valueSchema(field) };
}

function valueSchema(field: AnyField): Schema {
  switch (field.kind) {
    case 'group':
      return groupSchema(field);
    case 'variants': {
      const known = Object.keys(field.variants);
      const other = known.length === 0 ? {} : { not: { enum: known } };
      return {
        anyOf: [
          ...Object.entries(field.variants).map(([type, variant]) => ({
            description: variant.meaning,
            ...groupSchema(variant, { type: { const: type, description: field.meaning } }),
            type: 'object',
          })),
          {
            description: 'A type that a plugin brings along.',
            type: 'object',
            properties: { type: { type: 'string', description: field.meaning, ...other } },
            required: ['type'],
          },
        ],
      };
    }
    case 'map': {
      const { pattern } = field.names;
      const names = pattern.flags === '' ? { propertyNames: { pattern: pattern.source } } : {};
      const isRequired = field.absence.kind === 'required';
      const type = isRequired ? 'object' : ['object', 'null'];
      return {
        type,
        ...names,
        minProperties: isRequired ? 1 : 0,
        additionalProperties: schemaOf(field.value),
      };
    }
    case 'list':
      return { type: 'array', minItems: 1, items: schemaOf(field.item) };
    default: {
      const written = writtenDefault(field);
      const isText = field.kind !== 'flag' && field.kind !== 'count' && field.kind !== 'number';
      const byDefault = written === undefined ? {} : { default: isText ? written : JSON.parse(written) };
      return { ...byDefault, anyOf: [...scalarSchemas(field), { $ref: '#/definitions/variable' }] };
    }
  }
}

const definitions: Readonly<Record<string, Schema>> = {
  size: { type: 'string', pattern: '^\\d+(\\.\\d+)? ?([KMGT]?B|[KMGT]iB)$' },
  duration: { type: 'string', pattern: '^(\\d+(\\.\\d+)?(ms|[smhd]))+$' },
  zero: { enum: [0, '0'] },
  // Any value may come from the environment.
  variable: { type: 'string', pattern: '\\$\\{env:' },
};

/** The alternatives of a value that has no parts. */
function scalarSchemas(field: AnyField): readonly Schema[] {
  switch (field.kind) {
    case 'bytes':
    case 'millis': {
      const zero = field.orZero || field.min === 0 ? [{ $ref: '#/definitions/zero' }] : [];
      return [{ $ref: `#/definitions/${field.kind === 'bytes' ? 'size' : 'duration'}` }, ...zero];
    }
    case 'count':
      return numberSchemas('integer', field);
    case 'number':
      return numberSchemas('number', field);
    case 'choice':
      return [{ enum: field.names }];
    case 'flag':
      return [{ type: 'boolean' }];
    case 'value':
      return [{ type: ['string', 'number', 'boolean'] }];
    default:
      return [{ type: 'string' }];
  }
}

/** A group without which its defaults hold is needed if one of its options has none. */
function isNeeded(field: AnyField): boolean {
  if (field.absence.kind === 'required') return true;
  if (field.kind !== 'group' || field.absence.kind !== 'default') return false;
  return Object.values(field.fields).some((each) => !each.isInternal && isNeeded(each));
}

function numberSchemas(type: 'integer' | 'number', { min, max, orZero, isAbove }: NumberData) {
  const least = isAbove ? { exclusiveMinimum: min } : { minimum: min };
  const most = Number.isFinite(max) ? { maximum: max } : {};
  return [{ type, ...least, ...most }, ...(orZero ? [{ const: 0 }] : [])];
}

/** A key with nothing behind it is a group with its defaults. */
function groupSchema(group: GroupData, more: Readonly<Record<string, Schema>> = {}): Schema {
  const fields = fileFields(group.fields);
  const required = fields.filter(([, field]) => isNeeded(field)).map(([key]) => key);
  const properties = Object.fromEntries(fields.map(([key, field]) => [key, schemaOf(field)]));
  return {
    ...(group.canBeOff
      ? { type: ['object', 'null', 'boolean'], not: { const: true } }
      : { type: required.length > 0 ? 'object' : ['object', 'null'] }),
    properties: { ...more, ...properties },
    required: [...Object.keys(more), ...required],
    additionalProperties: false,
  };
}
