import type { Intake, OwnLog, Receiver, ReceiverCounters } from '../component/index.ts';
import type { LoadedConfig } from '../config/index.ts';
import { BoxReceiver } from '../receivers/box/index.ts';
import { OtlpGrpcReceiver, OtlpHttpReceiver } from '../receivers/otlp/index.ts';
import { ZmqAckReceiver, ZmqPushReceiver } from '../receivers/zeromq/index.ts';
import type { Wanted } from './running.ts';

/** A receiver and its name in the configuration. */
export interface NamedReceiver {
  readonly name: string;
  readonly receiver: Receiver & { readonly counters: ReceiverCounters };
}

/** Returns the configured receivers. */
export function wantedReceivers(
  { config, secrets }: LoadedConfig,
  intake: Intake,
  log: OwnLog,
): readonly Wanted<NamedReceiver>[] {
  const { zmqAck, zmqPush, otlpGrpc, otlpHttp, box } = config.receivers;
  const all: Wanted<NamedReceiver>[] = [];
  const add = <O, S>(name: string, options: O, loaded: S, Kind: ReceiverClass<O, S>) => {
    const tools = { ...loaded, intake, log, setting: `receivers.${name}.endpoint` };
    const make = () => ({ name, receiver: new Kind(options, tools) });
    all.push({ made: JSON.stringify([name, options, loaded]), make });
  };
  if (zmqAck !== undefined) add('zmqAck', zmqAck, secrets.forZmq(zmqAck), ZmqAckReceiver);
  if (zmqPush !== undefined) add('zmqPush', zmqPush, secrets.forZmq(zmqPush), ZmqPushReceiver);
  if (otlpGrpc !== undefined) add('otlpGrpc', otlpGrpc, secrets.forServer(otlpGrpc), OtlpGrpcReceiver);
  if (otlpHttp !== undefined) add('otlpHttp', otlpHttp, secrets.forServer(otlpHttp), OtlpHttpReceiver);
  if (box !== undefined) add('box', box, {}, BoxReceiver);
  return all;
}

/** @typeParam S the content of the files that the options name */
type ReceiverClass<O, S> = new (
  options: O,
  tools: S & { readonly intake: Intake; readonly log: OwnLog; readonly setting: string },
) => NamedReceiver['receiver'];
