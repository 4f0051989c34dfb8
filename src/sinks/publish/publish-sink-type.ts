import { type SinkTools, sinkType } from '../../component/index.ts';
import { type CurveServerKeys, fileText, publicKeysIn } from '../../net/index.ts';
import { type PublishSinkOptions, publishSinkOptions } from './options.ts';
import { PublishSink } from './publish-sink.ts';

/** `type: publish`. */
export const publishSink = sinkType({
  type: 'publish',
  options: publishSinkOptions,
  delivery: { behindBytes: 64 * 1024 * 1024, behindMillis: 60_000, onFull: 'skip' },
  make: (options, tools) => {
    const { endpoint, topic } = options;
    const { name, log } = tools;
    return new PublishSink({
      ...{ endpoint, topic, log },
      setting: `sinks.${name}.endpoint`,
      curve: keysOf(options, tools),
    });
  },
});

function keysOf({ curve }: PublishSinkOptions, { contents }: SinkTools): CurveServerKeys | undefined {
  if (curve === undefined) return undefined;
  const { secretKey, secretKeyFile, allow, allowFile } = curve;
  const [key, clients] = [secretKeyFile, allowFile].map((file) =>
    file === undefined ? file : contents(file),
  );
  return {
    secretKey: key === undefined ? secretKey! : fileText(key),
    clients: clients === undefined ? allow! : publicKeysIn(clients).keys,
  };
}
