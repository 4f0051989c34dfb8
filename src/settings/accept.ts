import type { NumberData, ScalarData } from './field.ts';

/** @returns the accepted value, or undefined if the input is invalid */
export function accept(field: ScalarData, value: unknown): unknown {
  switch (field.kind) {
    case 'choice':
      return field.names.find((name) => name === value);
    case 'flag':
      return typeof value === 'boolean' ? value : undefined;
    case 'value':
      return ['string', 'boolean'].includes(typeof value) || Number.isFinite(value) ? value : undefined;
    case 'text':
      return typeof value === 'string' ? field.parse(value) : undefined;
    case 'path':
      return typeof value === 'string' && isPath(value) ? value : undefined;
    case 'code':
      return field.parse(value);
    default:
      return typeof value === 'number' && isInBounds(field, value) ? value : undefined;
  }
}

function isInBounds({ kind, min, max, orZero, isAbove }: NumberData, value: number): boolean {
  if (value === 0 && orZero) return true;
  const isWhole = kind === 'millis' || kind === 'number' || Number.isSafeInteger(value);
  return (
    (isWhole || value === Number.POSITIVE_INFINITY) && value <= max && (isAbove ? value > min : value >= min)
  );
}

/** A path must not contain control characters. */
function isPath(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
  return /^[^\u0000-\u001f]{1,4096}$/.test(text);
}
