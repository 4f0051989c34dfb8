import { choice, millis } from '../settings/index.ts';

/** The options that every processor has. `ProcessorChain` obeys them. */
export const processorFields = {
  onError: choice(['deadLetter', 'pass'], {
    default: 'deadLetter',
    meaning:
      'What happens to a batch that cannot be processed: it becomes a dead letter of each sink, or goes on as it was.',
  }),
  timeoutMillis: millis({
    min: 10,
    max: 60_000,
    default: 10_000,
    meaning: 'How long a batch may take. Then the process of the processor is ended, and started again.',
  }),
} as const;
