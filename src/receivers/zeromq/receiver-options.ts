import { type CurveServerKeys, checkEndpoint, checkPrivate, checkServerKeys } from '../../net/index.ts';
import {
  checkKnown,
  shown,
  trueOrFalse,
  wholeNumber,
  withDefaults,
  withMethods,
} from '../../settings/index.ts';
import type { IntakeLike } from './intake.ts';

/** What both receivers are told. */
export interface ZmqReceiverOptions {
  /** Where to listen: `tcp://<address>:<port>` (port 0: any) or `ipc://<path>`. */
  readonly endpoint?: string;
  /** Where batches go. */
  readonly intake: IntakeLike;
  /** Keys of CURVE. Needed beyond this machine. */
  readonly curve?: CurveServerKeys | undefined;
  /** Listens beyond this machine without CURVE. Default false. */
  readonly insecure?: boolean;
  /** Most bytes of a batch (ack, after decompression) or of a message (push). From 1024; default 16 MiB, 4 MiB. */
  readonly maxBatchBytes?: number;
  /** Most bytes that wait for the journal, of all clients; then nothing more is taken. Default 64 MiB. */
  readonly maxInFlightBytes?: number;
  /** The name of the endpoint's setting, for error messages. Default `endpoint`. */
  readonly setting?: string;
}

const MEBIBYTE = 1024 * 1024;
/** A journal's segment holds 64 MiB; a bigger batch fits nowhere. */
const BIGGEST_BATCH = 64 * MEBIBYTE;

/** The defaults of what both receivers are told. */
export const receiverDefaults = {
  endpoint: undefined as string | undefined,
  intake: undefined as unknown as IntakeLike,
  curve: undefined as CurveServerKeys | undefined,
  insecure: false,
  maxBatchBytes: 16 * MEBIBYTE,
  maxInFlightBytes: 64 * MEBIBYTE,
  setting: 'endpoint',
};

/**
 * The given options over the defaults, those that both receivers share checked.
 * @throws RangeError or TypeError that says option, wish and value
 */
export function resolveReceiverOptions<T extends typeof receiverDefaults>(
  where: string,
  defaults: T,
  given: object,
): T & { readonly endpoint: string } {
  checkKnown(where, given, Object.keys(defaults));
  const options = withDefaults<T>(defaults, given as Partial<T>);
  const { endpoint, setting } = options;
  if (typeof setting !== 'string') throw new TypeError(`setting must be a string, got ${shown(setting)}`);
  checkEndpoint(setting, endpoint);
  withMethods('intake', options.intake, ['append', 'lastSeq']);
  trueOrFalse('insecure', options.insecure);
  checkServerKeys(options.curve);
  checkPrivate(setting, endpoint, options);
  wholeNumber('maxBatchBytes', options.maxBatchBytes, 1024, BIGGEST_BATCH);
  wholeNumber('maxInFlightBytes', options.maxInFlightBytes, options.maxBatchBytes);
  return { ...options, endpoint };
}

/** @throws TypeError unless it is a function */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${name} must be a function, got ${shown(value)}`);
}
