import { zmqListener, zmqListenerChecks } from '../../net/index.ts';
import { group, text, type Values } from '../../settings/index.ts';

/** The options of `PublishSink`. */
export const publishSinkOptions = group(
  {
    ...zmqListener('tcp://127.0.0.1:5012'),
    topic: text({
      expected: 'a text of 1 to 64 visible ASCII characters',
      pattern: /^[\x21-\x7e]{1,64}$/,
      default: 'PLO',
      meaning: 'The first frame of each message, by which subscribers select messages.',
    }),
  },
  {
    meaning:
      'Publishes records to other programs with a ZeroMQ PUB socket. A subscriber misses messages that it does not read in time.',
    checks: zmqListenerChecks,
  },
);

/** The resolved options. */
export type PublishSinkOptions = Values<typeof publishSinkOptions.fields>;
