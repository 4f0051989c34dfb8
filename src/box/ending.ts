import { errorText } from '../record/index.ts';

/** How a process ends, as far as JavaScript sees it. */
export type Ending =
  | { readonly kind: 'uncaughtException' | 'unhandledRejection'; readonly error: unknown }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'exit'; readonly code: number };

/**
 * The method by which a component learns that the process ends. It is called before `shutdown()`, and must
 * not wait for anything. A symbol of the registry: the ES and the CommonJS build of this package may meet.
 */
export const ENDING: unique symbol = Symbol.for('burstlog.ending');

/** What learns that the process ends. */
export interface EndingAware {
  /** Never throws. After an ending of kind `exit` nothing asynchronous happens any more. */
  [ENDING](ending: Ending): void;
}

/** Whether something went wrong. A signal is how a process is stopped: that is no failure. */
export function isFailure(ending: Ending): boolean {
  return ending.kind === 'exit' ? ending.code !== 0 : ending.kind !== 'signal';
}

/** An ending in words, for the manifest of its burst. */
export function endingText(ending: Ending): string {
  switch (ending.kind) {
    case 'uncaughtException':
      return `uncaught exception: ${errorText(ending.error)}`;
    case 'unhandledRejection':
      return `unhandled rejection: ${errorText(ending.error)}`;
    case 'signal':
      return `signal ${ending.signal}`;
    case 'exit':
      return `exit code ${ending.code}`;
  }
}
