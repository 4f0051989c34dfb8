import type { AnyField, GroupData, NumberData } from '../settings/index.ts';
import { definition } from './definition.ts';
import { writtenDefault } from './example.ts';
import { fileFields } from './file-form.ts';

type Schema = Readonly<Record<string, unknown>>;

/**
 * Generates the JSON Schema (draft-07) of a configuration file from the definition that also validates.
 * Editors use it to complete keys and values, show descriptions, and underline errors. It rejects no valid
 * configuration. `distlogd validate` checks what a schema cannot express (bounds of sizes, relations between
 * keys).
 */
export function configSchema(): Schema {
  return { ...schemaOfFile(definition), title: 'distlogd.yaml' };
}

/** The schema of a file with these options. */
export function schemaOfFile(options: GroupData): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...schemaOf(options),
    // The whole file must not be empty.
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
            description: 'A type that a plugin provides.',
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
      const needsEntries = field.absence.kind === 'required';
      const type = needsEntries ? 'object' : ['object', 'null'];
      return {
        type,
        ...names,
        minProperties: needsEntries ? 1 : 0,
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
  // Any value may refer to the environment.
  variable: { type: 'string', pattern: '\\$\\{env:' },
};

/** The alternatives of a scalar. */
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

/** A required field, or a group with defaults in which an option is required. */
function isRequired(field: AnyField): boolean {
  if (field.absence.kind === 'required') return true;
  if (field.kind !== 'group' || field.absence.kind !== 'default') return false;
  return Object.values(field.fields).some((each) => !each.isInternal && isRequired(each));
}

function numberSchemas(type: 'integer' | 'number', { min, max, orZero, isAbove }: NumberData) {
  const least = isAbove ? { exclusiveMinimum: min } : { minimum: min };
  const most = Number.isFinite(max) ? { maximum: max } : {};
  return [{ type, ...least, ...most }, ...(orZero ? [{ const: 0 }] : [])];
}

/** A key without a value is a group with its defaults. */
function groupSchema(group: GroupData, more: Readonly<Record<string, Schema>> = {}): Schema {
  const fields = fileFields(group.fields);
  const required = fields.filter(([, field]) => isRequired(field)).map(([key]) => key);
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
