import { sinkType } from '../../component/index.ts';
import { otlpSinkOptions } from './options.ts';
import { OtlpSink } from './otlp-sink.ts';

/** `type: otlp`. */
export const otlpSink = sinkType({
  type: 'otlp',
  options: otlpSinkOptions,
  delivery: { behindMillis: 7 * 86_400_000, onFull: 'skip' },
  make: (options, { log, contents }) => {
    const { tls } = options;
    const of = (file: string | undefined) => (file === undefined ? undefined : contents(file));
    const loaded = tls && { cert: of(tls.certFile), key: of(tls.keyFile), ca: of(tls.caFile) };
    return new OtlpSink(options, { log, tls: loaded });
  },
});
