const MAX_ERROR_TEXT = 500;
/** Bounds for an AggregateError, which may contain many errors, and itself. */
const MAX_CAUSES = 20;
const MAX_CAUSES_DEPTH = 3;

/** Returns the text of any thrown value, truncated to `MAX_ERROR_TEXT` characters. Never throws. */
export function errorText(error: unknown): string {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : textOf(error);
    return text.length > MAX_ERROR_TEXT ? `${text.slice(0, MAX_ERROR_TEXT - 3)}...` : text;
  } catch {
    return 'an error that cannot be shown';
  }
}

function textOf(value: unknown): string {
  // String() would write all items, including the empty ones of a sparse array.
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    return `${value.constructor.name}(${'length' in value ? value.length : value.byteLength})`;
  }
  return String(value);
}

/**
 * Returns the text of an error for a status or a log: like {@link errorText}, but without the redundant
 * `Error:`, and with the causes of an `AggregateError` without a message, such as Node's connection errors.
 */
export function problemText(error: unknown): string {
  return problemOf(error, 0);
}

function problemOf(error: unknown, depth: number): string {
  const causes = error instanceof AggregateError && error.message === '' ? listOf(error.errors) : [];
  if (causes.length > 0 && depth < MAX_CAUSES_DEPTH) {
    return causes
      .slice(0, MAX_CAUSES)
      .map((cause) => problemOf(cause, depth + 1))
      .join(', ')
      .slice(0, MAX_ERROR_TEXT);
  }
  return errorText(error).replace(/^(?:Error: )+/, '');
}

function listOf(errors: unknown): readonly unknown[] {
  return Array.isArray(errors) ? errors : [];
}
