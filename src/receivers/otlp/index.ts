export { otlpGrpcOptions, otlpHttpOptions } from './definition.ts';
export { checkExposure, type OtlpReceiverOptions } from './options.ts';
export { OtlpGrpcReceiver } from './otlp-grpc-receiver.ts';
export { OtlpHttpReceiver } from './otlp-http-receiver.ts';
