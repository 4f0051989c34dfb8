import type { CurveServerKeys } from '../../net/index.ts';
import { cannotListen, checkFree, isIpv6, untilFree } from '../../net/index.ts';
import type { Teller } from '../../record/index.ts';
import type { ZeroMqLibrary } from '../../zeromq/index.ts';
import { ZAP_DOMAIN, ZapHandler } from './zap.ts';

/** Bytes of a message beside its body: frames, header, topic. */
const FRAME_BYTES = 1024;
/** How long ZeroMQ may go on sending answers after the socket was closed. */
const LINGER_MILLIS = 200;
/** How long the listening socket may take to close. */
const CLOSE_MILLIS = 500;
/** An idle client is asked so often whether it lives, and forgotten after three times that. */
const HEARTBEAT_MILLIS = 10_000;
/** A connection that has not said who it is by then is closed. */
const HANDSHAKE_MILLIS = 10_000;

/** What a socket is opened with. */
interface Listening {
  readonly endpoint: string;
  readonly setting?: string | undefined;
  readonly curve?: CurveServerKeys | undefined;
  readonly maxMessageBytes: number;
}

type Bindable = InstanceType<ZeroMqLibrary['Router']> | InstanceType<ZeroMqLibrary['Pull']>;

/** A socket of a receiver, bound, with a guard before it if there are keys. */
export class ListeningSocket<S extends Bindable> {
  readonly socket: S;
  /** With the real port. */
  readonly endpoint: string;
  readonly #guard: ZapHandler | undefined;

  private constructor(socket: S, endpoint: string, guard: ZapHandler | undefined) {
    this.socket = socket;
    this.endpoint = endpoint;
    this.#guard = guard;
  }

  /** @throws (rejects) Error that names the endpoint and its setting */
  static async open<S extends Bindable>(
    library: ZeroMqLibrary,
    listening: Listening,
    make: (options: object) => S,
    teller: Teller,
    refused: () => void,
  ): Promise<ListeningSocket<S>> {
    const { endpoint, setting = 'endpoint', curve, maxMessageBytes } = listening;
    await checkFree(endpoint, setting);
    const context = new library.Context({ blocky: false });
    const guard = curve && new ZapHandler(library, context, curve.clients, teller, refused);
    const keys = curve && {
      curveServer: true,
      curveSecretKey: curve.secretKey,
      zapDomain: ZAP_DOMAIN,
      zapEnforceDomain: true,
    };
    const socket = make({
      context,
      linger: 0,
      ipv6: isIpv6(endpoint),
      // ZeroMQ may never have to stop reading: libzmq 4.3.5 ends the process (assertions _io_error and
      // _input_stopped, libzmq issues 3937, 4364, 4841) when a connection that it does not read breaks and a
      // heartbeat is still in its buffer. So there is no bound here, the receiver always reads, and bounds itself.
      receiveHighWaterMark: 0,
      maxMessageSize: maxMessageBytes + FRAME_BYTES,
      heartbeatInterval: HEARTBEAT_MILLIS,
      heartbeatTimeout: 3 * HEARTBEAT_MILLIS,
      handshakeInterval: HANDSHAKE_MILLIS,
      ...keys,
    });
    try {
      await guard?.start();
      await socket.bind(endpoint.replace(/^(tcp:.*):0$/, '$1:*'));
      return new ListeningSocket(socket, socket.lastEndpoint ?? endpoint, guard);
    } catch (error) {
      socket.close();
      guard?.stop();
      throw cannotListen(endpoint, setting, error);
    }
  }

  /**
   * Resolves when the address is free again. There is no way to hear of that: an `unbind()` before the `close()`
   * would tell, but then libzmq 4.3.5 ends the process now and then (an assertion in pipe.cpp, process_pipe_term_ack).
   */
  async close(): Promise<void> {
    this.socket.linger = LINGER_MILLIS;
    this.socket.close();
    this.#guard?.stop();
    await untilFree(this.endpoint, CLOSE_MILLIS);
  }
}
