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
      meaning: 'The first frame of each message, by which subscribers choose.',
    }),
  },
  {
    meaning:
      'Publishes to other programs, by a PUB socket of ZeroMQ: what a subscriber does not read in time it misses.',
    checks: zmqListenerChecks,
  },
);

/** The options as they hold. */
export type PublishSinkOptions = Values<typeof publishSinkOptions.fields>;
