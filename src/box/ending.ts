import { errorText } from '../record/index.ts';

/** How a process ends, as far as JavaScript can observe it. */
export type Ending =
  | { readonly kind: 'uncaughtException' | 'unhandledRejection'; readonly error: unknown }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'exit'; readonly code: number };

/**
 * The method that notifies a component that the process ends. It is called before `shutdown()` and must not
 * block. It is a registered symbol because the ESM and the CommonJS build can be loaded in one process.
 */
export const ENDING: unique symbol = Symbol.for('burstlog.ending');

/** A component that is notified when the process ends. */
export interface EndingAware {
  /** Never throws. After an ending of kind `exit` no asynchronous work runs. */
  [ENDING](ending: Ending): void;
}

/** Whether the ending is a failure. A signal is a regular way to stop a process and not a failure. */
export function isFailure(ending: Ending): boolean {
  return ending.kind === 'exit' ? ending.code !== 0 : ending.kind !== 'signal';
}

/** Describes an ending for the manifest of its burst. */
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
