import type { Intake, Receiver, ReceiverCounters } from '../component/index.ts';
import type { CurveConfig, OtlpReceiverConfig } from '../config/index.ts';
import { OtlpGrpcReceiver, OtlpHttpReceiver } from '../receivers/otlp/index.ts';
import { ZmqAckReceiver, ZmqPushReceiver } from '../receivers/zeromq/index.ts';
import type { LoadedConfig } from './loaded-config.ts';

/** A receiver of the daemon under the name that it has in the configuration. */
export interface NamedReceiver {
  readonly name: string;
  /** All that its making depended on, as text. */
  readonly made: string;
  readonly receiver: Receiver & { readonly counters: ReceiverCounters };
}

/** The receivers that a configuration asks for. They listen to nothing yet. */
export function makeReceivers(loaded: LoadedConfig, intake: Intake): readonly NamedReceiver[] {
  const { zmqAck, zmqPush, otlpGrpc, otlpHttp } = loaded.config.receivers;
  const made: NamedReceiver[] = [];
  if (zmqAck !== undefined) {
    const { endpoint, maxBatchBytes, insecure } = zmqAck;
    const common = { endpoint, maxBatchBytes, insecure, ...curveOf(zmqAck.curve, loaded) };
    const receiver = new ZmqAckReceiver({ ...common, intake, setting: 'receivers.zmqAck.endpoint' });
    made.push({ name: 'zmqAck', made: JSON.stringify(['zmqAck', common]), receiver });
  }
  if (zmqPush !== undefined) {
    const { endpoint, maxMessageBytes, insecure, pickle } = zmqPush;
    const curve = curveOf(zmqPush.curve, loaded);
    const common = { endpoint, maxBatchBytes: maxMessageBytes, insecure, pickle, ...curve };
    const receiver = new ZmqPushReceiver({ ...common, intake, setting: 'receivers.zmqPush.endpoint' });
    made.push({ name: 'zmqPush', made: JSON.stringify(['zmqPush', common]), receiver });
  }
  if (otlpGrpc !== undefined) {
    const common = otlpOptions(otlpGrpc, loaded);
    const receiver = new OtlpGrpcReceiver({ ...common, intake, setting: 'receivers.otlpGrpc.endpoint' });
    made.push({ name: 'otlpGrpc', made: JSON.stringify(['otlpGrpc', common]), receiver });
  }
  if (otlpHttp !== undefined) {
    const common = otlpOptions(otlpHttp, loaded);
    const receiver = new OtlpHttpReceiver({ ...common, intake, setting: 'receivers.otlpHttp.endpoint' });
    made.push({ name: 'otlpHttp', made: JSON.stringify(['otlpHttp', common]), receiver });
  }
  return made;
}

function curveOf(curve: CurveConfig | undefined, { secrets }: LoadedConfig) {
  if (curve === undefined) return {};
  const { secretKey, allow } = secrets.curve(curve);
  return { curve: { secretKey, clients: allow } };
}

function otlpOptions(config: OtlpReceiverConfig, { secrets }: LoadedConfig) {
  const token = secrets.token(config);
  return {
    address: config.endpoint,
    maxRequestBytes: config.maxRequestBytes,
    insecure: config.insecure,
    ...(token === undefined ? {} : { token }),
    ...(config.tls === undefined ? {} : { tls: secrets.serverTls(config.tls) }),
  };
}
