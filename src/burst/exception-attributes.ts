import { EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE, EXCEPTION_TYPE } from '../record/index.ts';

/** The properties of an exception that the SDK reads when it creates a record. */
export interface ExceptionFacts {
  readonly code?: unknown;
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
}

/**
 * Copies an exception, because the application may change or reuse the object. Primitives are returned as is.
 */
export function exceptionFacts(exception: unknown): unknown {
  if (typeof exception !== 'object' || exception === null) return exception;
  const { code, name, message, stack } = exception as ExceptionFacts;
  return { code, name, message, stack };
}

/** Returns the attributes that the SDK derives from an exception, for readers of a deferred record. */
export function exceptionAttributes(exception: unknown): Record<string, unknown> {
  if (typeof exception !== 'object' || exception === null) return { [EXCEPTION_MESSAGE]: String(exception) };
  const { code, name, message, stack } = exception as ExceptionFacts;
  const type = code ? String(code) : name;
  return {
    ...(type ? { [EXCEPTION_TYPE]: type } : {}),
    ...(message ? { [EXCEPTION_MESSAGE]: message } : {}),
    ...(stack ? { [EXCEPTION_STACKTRACE]: stack } : {}),
  };
}
