export {
  type OtlpGrpcReceiverOptions,
  type OtlpHttpReceiverOptions,
  type OtlpReceiverTools,
  otlpGrpcOptions,
  otlpHttpOptions,
} from './options.ts';
export { OtlpGrpcReceiver } from './otlp-grpc-receiver.ts';
export { OtlpHttpReceiver } from './otlp-http-receiver.ts';
