import type { AnyField, GroupData } from '../settings/index.ts';
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
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'distlogd.yaml',
    ...schemaOf(definition),
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
      return [{ type: 'integer', minimum: field.min, maximum: field.max }];
    case 'number':
      return [{ type: 'number', minimum: field.min, maximum: field.max }];
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

/** A key with nothing behind it is a group with its defaults. */
function groupSchema(group: GroupData, more: Readonly<Record<string, Schema>> = {}): Schema {
  const fields = fileFields(group.fields);
  const required = fields.filter(([, { absence }]) => absence.kind === 'required').map(([key]) => key);
  const properties = Object.fromEntries(fields.map(([key, field]) => [key, schemaOf(field)]));
  return {
    type: group.canBeOff ? ['object', 'null', 'boolean'] : ['object', 'null'],
    properties: { ...more, ...properties },
    required: [...Object.keys(more), ...required],
    additionalProperties: false,
  };
}
