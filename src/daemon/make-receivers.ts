import type { Intake, OwnLog, Receiver, ReceiverCounters } from '../component/index.ts';
import type { DaemonConfig } from '../config/index.ts';
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
export function makeReceivers(loaded: LoadedConfig, intake: Intake, log: OwnLog): readonly NamedReceiver[] {
  const { zmqAck, zmqPush, otlpGrpc, otlpHttp } = loaded.config.receivers;
  const made: NamedReceiver[] = [];
  if (zmqAck !== undefined) {
    const keys = curveOf(zmqAck.curve, loaded);
    const tools = { ...keys, intake, log, setting: 'receivers.zmqAck.endpoint' };
    const receiver = new ZmqAckReceiver(zmqAck, tools);
    made.push({ name: 'zmqAck', made: JSON.stringify(['zmqAck', zmqAck, keys]), receiver });
  }
  if (zmqPush !== undefined) {
    const keys = curveOf(zmqPush.curve, loaded);
    const tools = { ...keys, intake, log, setting: 'receivers.zmqPush.endpoint' };
    const receiver = new ZmqPushReceiver(zmqPush, tools);
    made.push({ name: 'zmqPush', made: JSON.stringify(['zmqPush', zmqPush, keys]), receiver });
  }
  if (otlpGrpc !== undefined) {
    const common = otlpOptions(otlpGrpc, loaded);
    const receiver = new OtlpGrpcReceiver({ ...common, intake, log, setting: 'receivers.otlpGrpc.endpoint' });
    made.push({ name: 'otlpGrpc', made: JSON.stringify(['otlpGrpc', common]), receiver });
  }
  if (otlpHttp !== undefined) {
    const common = { ...otlpOptions(otlpHttp, loaded), maxJsonBytes: otlpHttp.maxJsonBytes };
    const receiver = new OtlpHttpReceiver({ ...common, intake, log, setting: 'receivers.otlpHttp.endpoint' });
    made.push({ name: 'otlpHttp', made: JSON.stringify(['otlpHttp', common]), receiver });
  }
  return made;
}

type Receivers = DaemonConfig['receivers'];

function curveOf(curve: NonNullable<Receivers['zmqAck']>['curve'], { secrets }: LoadedConfig) {
  if (curve === undefined) return {};
  return { curve: secrets.curve(curve) };
}

function otlpOptions(config: NonNullable<Receivers['otlpGrpc']>, { secrets }: LoadedConfig) {
  const token = secrets.token(config);
  return {
    address: config.endpoint,
    maxRequestBytes: config.maxRequestBytes,
    insecure: config.insecure,
    ...(token === undefined ? {} : { token }),
    ...(config.tls === undefined ? {} : { tls: secrets.serverTls(config.tls) }),
  };
}
