import fc from 'fast-check';
import { definition } from '../../../src/config/definition.ts';
import type { AnyField, GroupData, NumberData } from '../../../src/settings/index.ts';
import { showDuration, showSize } from '../../../src/text/index.ts';

const wrong = fc.constantFrom<unknown>(
  null,
  true,
  -1,
  0.5,
  'wrong',
  '',
  [],
  {},
  ['x'],
  '5',
  '1e3',
  'tcp://x',
);

/** @param mayBeWrong also invalid values and keys */
export function fieldOf(field: AnyField, mayBeWrong: boolean): fc.Arbitrary<unknown> {
  const valid = validOf(field, mayBeWrong);
  return mayBeWrong ? fc.oneof({ weight: 8, arbitrary: valid }, { weight: 1, arbitrary: wrong }) : valid;
}

function validOf(field: AnyField, mayBeWrong: boolean): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case 'group':
      return field.canBeOff
        ? fc.oneof(groupOf(field, mayBeWrong), fc.constantFrom(null, false))
        : groupOf(field, mayBeWrong);
    case 'variants':
      return fc.oneof(
        ...Object.entries(field.variants).map(([type, variant]) =>
          groupOf(variant, mayBeWrong).map((values) => ({ type, ...(values as object) })),
        ),
      );
    case 'map':
      // Only plugins provide types.
      if (field.value.kind === 'variants' && Object.keys(field.value.variants).length === 0)
        return fc.constant({});
      return fc.dictionary(
        fc.constantFrom('a', 'b', ...(mayBeWrong ? ['B', '-'] : [])),
        fieldOf(field.value, mayBeWrong),
        {
          minKeys: field.absence.kind === 'required' ? 1 : 0,
          maxKeys: 3,
        },
      );
    case 'list':
      return fc.array(fieldOf(field.item, mayBeWrong), { minLength: 1, maxLength: 2 });
    case 'choice':
      return fc.constantFrom(...field.names);
    case 'value':
      return fc.constantFrom('text', 5, true, '4111111111111111');
    case 'flag':
      return fc.boolean();
    case 'path':
      return fc.constantFrom('one', 'two', 'below/three', './below/../two');
    case 'text':
      return fc.constantFrom(...textsOf(field.type).slice(0, mayBeWrong ? undefined : 3));
    case 'code':
      throw new Error('not in a file');
    default:
      return numberOf(field);
  }
}

function groupOf(group: GroupData, mayBeWrong: boolean): fc.Arbitrary<unknown> {
  const fields = Object.entries(group.fields).filter(([, { isInternal }]) => !isInternal);
  const keys = Object.fromEntries(
    fields.map(([name, field]) => {
      const value = fieldOf(field, mayBeWrong);
      const isRequired = field.absence.kind === 'required';
      // JSON omits undefined values. Most of many options are omitted, so that some combinations are valid.
      const weight = isRequired && !mayBeWrong ? 0 : isRequired ? 1 : fields.length * (mayBeWrong ? 1 : 5);
      const arbitrary = fc.oneof(
        { weight: 8, arbitrary: value },
        { weight, arbitrary: fc.constant(undefined) },
      );
      return [name.replace(/Millis$/, ''), arbitrary];
    }),
  );
  const known = fc.record(keys);
  if (!mayBeWrong) return known;
  const unknown = fc.dictionary(fc.constantFrom('unknown', 'maxBytez'), wrong, { maxKeys: 1 });
  return fc
    .tuple(known, fc.oneof({ weight: 12, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: unknown }))
    .map(([one, other]) => ({ ...one, ...other }));
}

function numberOf({ kind, min, max, orZero }: NumberData): fc.Arbitrary<unknown> {
  const top = Math.min(max, Number.MAX_SAFE_INTEGER);
  const near = [
    min,
    min + 1,
    ...(top < Number.MAX_SAFE_INTEGER ? [top, top - 1] : []),
    Math.min(top, min * 2),
    ...(orZero ? [0] : []),
  ];
  const beyond = [min - 1, ...(top < Number.MAX_SAFE_INTEGER ? [top + 1] : [])].filter((value) => value > 0);
  const values = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...near) },
    { weight: 6, arbitrary: fc.integer({ min, max: Math.min(top, 2 ** 45) }) },
    ...(beyond.length === 0 ? [] : [{ weight: 1, arbitrary: fc.constantFrom(...beyond) }]),
  );
  const writings = kind === 'bytes' ? sizes : kind === 'millis' ? durations : [(value: number) => value];
  return fc.tuple(values, fc.constantFrom(...writings)).map(([value, write]) => write(value));
}

/** Ways to write the same size, and the same duration. */
const sizes = [
  showSize,
  (value: number) => `${value}B`,
  (value: number) => showSize(value).replace(/(?=[A-Z])/, ' '),
  (value: number) => `${value / 1e3}KB`,
] as const;
const durations = [
  showDuration,
  (value: number) => `${value}ms`,
  (value: number) => `${Math.floor(value / 60_000)}m${value % 60_000}ms`,
  (value: number) => `${value / 1e3}s`,
] as const;

function textsOf(type: string): readonly string[] {
  const texts: Readonly<Record<string, readonly string[]>> = {
    address: [
      '127.0.0.1:0',
      'localhost:0',
      '[::1]:0',
      'LOCALHOST:5',
      '0.0.0.0:0',
      '[::ffff:127.0.0.1]:7',
      'x:9',
    ],
    endpoint: [
      ...[
        'tcp://127.0.0.1:0',
        'tcp://LOCALHOST:0',
        'tcp://[::ffff:127.0.0.1]:0',
        'tcp://[::1]:*',
        'tcp://*:5',
      ],
      ...['ipc:///tmp/never.sock', 'tcp://192.168.1.5:0', `ipc:///${'x'.repeat(104)}`],
    ],
    URL: ['http://127.0.0.1:4317', 'https://x', 'https://x/otlp/', 'http://user:password@x'],
    key: ['rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7', 'short'],
    text: ['a-token-that-is-long'],
    condition: ['severity_number >= 9', 'not IsMatch(body, "^[a-z]+$")', 'body != nil', 'severty == 1'],
    path: ['resource.attributes["service.name"]', 'body', 'attributes'],
    pattern: ['[0-9]+', 'a|b', '^x', '('],
    name: ['a', 'a', 'a', 'nobody'],
    severity: ['WARN', 'TRACE2', 'ERROR', 'loud'],
    'trace id': ['4bf92f3577b34da6a3ce929d0e0e4736'],
  };
  return texts[type]!;
}

/**
 * A configuration as an object for JSON, which is also YAML: most values valid, near a bound, or plainly
 * wrong.
 */
export const anyConfig: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: groupOf(definition, false) },
  { weight: 1, arbitrary: groupOf(definition, true) },
);
