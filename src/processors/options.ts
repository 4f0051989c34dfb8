import { choice, millis } from '../settings/index.ts';

/** The options that all processors share. `ProcessorChain` applies them. */
export const processorFields = {
  onError: choice(['deadLetter', 'pass'], {
    default: 'deadLetter',
    meaning:
      'How a batch that cannot be processed is handled: it becomes a dead letter of each sink, or is passed on unchanged.',
  }),
  timeoutMillis: millis({
    min: 10,
    max: 60_000,
    default: 10_000,
    meaning: 'The timeout for a batch. After it, the process of the processor is killed and restarted.',
  }),
} as const;
