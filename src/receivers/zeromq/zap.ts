import { encodeZ85 } from '../../net/index.ts';
import { errorText, type Teller } from '../../record/index.ts';
import type { ZeroMqLibrary } from '../../zeromq/index.ts';

const ENDPOINT = 'inproc://zeromq.zap.01';
const EMPTY = Buffer.alloc(0);

/** The domain that a socket must name, so that ZeroMQ never lets a client in without asking here. */
export const ZAP_DOMAIN = 'burstlog';

/** Lets in only the clients whose public keys are on a list (ZeroMQ RFC 27, ZAP). One for each context. */
export class ZapHandler {
  readonly #socket: InstanceType<ZeroMqLibrary['Reply']>;
  readonly #clients: ReadonlySet<string> | undefined;
  readonly #refused: () => void;
  readonly #teller: Teller;

  /** @param refused is called for each client that is not on the list */
  constructor(
    library: ZeroMqLibrary,
    context: InstanceType<ZeroMqLibrary['Context']>,
    clients: readonly string[] | 'any',
    teller: Teller,
    refused: () => void,
  ) {
    this.#socket = new library.Reply({ context, linger: 0 });
    this.#clients = clients === 'any' ? undefined : new Set(clients);
    this.#teller = teller;
    this.#refused = refused;
  }

  /** Must be done before the receiver binds. */
  async start(): Promise<void> {
    await this.#socket.bind(ENDPOINT);
    void this.#serve();
  }

  stop(): void {
    this.#socket.close();
  }

  async #serve(): Promise<void> {
    while (!this.#socket.closed) {
      try {
        const request = await this.#socket.receive();
        await this.#socket.send(this.#answer(request));
      } catch (error) {
        if (!this.#socket.closed) this.#teller.warn('zap', `a client was not checked: ${errorText(error)}`);
      }
    }
  }

  /** Request: version, id, domain, address, identity, mechanism, credentials. */
  #answer(request: readonly Buffer[]): (Buffer | string)[] {
    const [version = EMPTY, requestId = EMPTY, , address = EMPTY, , mechanism, key] = request;
    const isAllowed =
      mechanism?.toString() === 'CURVE' &&
      key?.length === 32 &&
      (this.#clients === undefined || this.#clients.has(encodeZ85(key)));
    if (isAllowed) return [version, requestId, '200', 'OK', 'client', EMPTY];
    this.#refused();
    this.#teller.warn('zap', `a client from ${address} was refused: its key is not among curve.clients`);
    return [version, requestId, '400', 'not allowed', '', EMPTY];
  }
}
