import { type SinkTools, sinkType } from '../../component/index.ts';
import { type CurveClientKeys, curvePublicKey, fileText } from '../../net/index.ts';
import { systemClock } from '../../record/index.ts';
import { ForwardSink } from './forward-sink.ts';
import { type ForwardSinkOptions, forwardSinkOptions } from './options.ts';

/** `type: forward`. */
export const forwardSink = sinkType({
  type: 'forward',
  options: forwardSinkOptions,
  delivery: { behindMillis: 7 * 86_400_000, onFull: 'skip' },
  make: (options, tools) => {
    const { endpoint, timeoutMillis } = options;
    return new ForwardSink({ endpoint, timeoutMillis, curve: keysOf(options, tools), clock: systemClock });
  },
});

function keysOf({ curve }: ForwardSinkOptions, { contents }: SinkTools): CurveClientKeys | undefined {
  if (curve === undefined) return undefined;
  const { serverKey, secretKeyFile } = curve;
  const file = secretKeyFile === undefined ? undefined : contents(secretKeyFile);
  const secretKey = file === undefined ? curve.secretKey! : fileText(file);
  return { serverKey, secretKey, publicKey: curvePublicKey(secretKey) };
}
