export { otlpSinkOptions } from './options.ts';
export type { OtlpSinkOptions, OtlpTlsOptions } from './otlp-options.ts';
export { OtlpSink } from './otlp-sink.ts';
