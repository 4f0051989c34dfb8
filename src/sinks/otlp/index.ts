export { type OtlpSinkOptions, type OtlpSinkTools, otlpSinkOptions } from './options.ts';
export { OtlpSink } from './otlp-sink.ts';
export { otlpSink } from './otlp-sink-type.ts';
