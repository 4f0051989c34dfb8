import { EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE, EXCEPTION_TYPE } from '../record/index.ts';

/** The part of an exception that the SDK reads when it makes a record. */
export interface ExceptionFacts {
  readonly code?: unknown;
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
}

/** An exception as it is now: the application may change or reuse the object. Primitive values stay themselves. */
export function exceptionFacts(exception: unknown): unknown {
  if (typeof exception !== 'object' || exception === null) return exception;
  const { code, name, message, stack } = exception as ExceptionFacts;
  return { code, name, message, stack };
}

/** The attributes that the SDK will make of an exception, for whoever asks before it has. */
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
