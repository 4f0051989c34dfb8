const MAX_ERROR_TEXT = 500;
/** An AggregateError may hold many, and itself. */
const MAX_CAUSES = 20;
const MAX_CAUSES_DEPTH = 3;

/** The text of anything thrown, bounded, never throwing itself. */
export function errorText(error: unknown): string {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : textOf(error);
    return text.length > MAX_ERROR_TEXT ? `${text.slice(0, MAX_ERROR_TEXT - 3)}...` : text;
  } catch {
    return 'an error that cannot be shown';
  }
}

function textOf(value: unknown): string {
  // All of its items would be written, and of a sparse list the empty ones too.
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    return `${value.constructor.name}(${'length' in value ? value.length : value.byteLength})`;
  }
  return String(value);
}

/**
 * What went wrong, for a status or a log: as {@link errorText}, but without `Error:`, which says nothing, and
 * with the causes of an `AggregateError` that has no message of its own, such as Node's for a connection.
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
