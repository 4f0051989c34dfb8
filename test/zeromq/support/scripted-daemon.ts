import { decodeClientFrame, encodeReply, type Reply } from '../../../src/frames/index.ts';
import { type ServerConnection, ZmtpServer } from '../../../src/zmtp/index.ts';

type ReplyHead = 'journal' | 'producer';
type Answer = Reply extends infer Each ? (Each extends Reply ? Omit<Each, ReplyHead> : never) : never;

/** A daemon without a journal: its socket is real, and it sends the replies that a test chooses. */
export class ScriptedDaemon {
  /** What was received, in order: `hello <last>`, `<seq> after <prev>`, or the frames of a push message. */
  readonly heard: string[] = [];
  readonly bodies: Uint8Array[] = [];
  readonly journal = new Uint8Array(16).fill(7);
  /** How many connections were opened, and how many of them are closed. */
  opened = 0;
  closed = 0;
  readonly #server: ZmtpServer;
  #connection: ServerConnection | undefined;
  #producer = new Uint8Array(16);
  #watchers: { readonly isDone: () => boolean; readonly resolve: () => void }[] = [];

  private constructor(socketType: 'ROUTER' | 'PULL', endpoint: string) {
    this.#server = new ZmtpServer(
      {
        ...{ endpoint, setting: 'endpoint', socketType, maxFrames: 3, maxConnections: 10 },
        ...{ maxMessageBytes: 10_000_000, maxHeldBytes: 100_000_000 },
        peerTypes: [socketType === 'ROUTER' ? 'DEALER' : 'PUSH'],
      },
      {
        opened: (connection) => {
          this.#connection = connection;
          this.opened += 1;
          this.#look();
        },
        message: (_connection, frames) => {
          this.heard.push(socketType === 'ROUTER' ? this.#read(frames) : frames.map(String).join(' '));
          this.#look();
          return undefined;
        },
        closed: () => {
          this.closed += 1;
          this.#look();
        },
        refused: () => {},
      },
    );
  }

  static async start(socketType: 'ROUTER' | 'PULL' = 'ROUTER', endpoint = 'tcp://127.0.0.1:0') {
    const daemon = new ScriptedDaemon(socketType, endpoint);
    await daemon.#server.listen();
    return daemon;
  }

  get endpoint(): string {
    return this.#server.endpoint;
  }

  /** Replies to the producer of the last message, on the newest connection. */
  answer(answer: Answer, journal = this.journal): void {
    this.send(encodeReply({ journal, producer: this.#producer, ...answer } as Reply));
  }

  /** Sends any frames on the newest connection. */
  send(frames: readonly Uint8Array[]): void {
    this.#connection!.send(frames);
  }

  /** Closes the newest connection. */
  cut(): void {
    this.#connection!.destroy();
  }

  /** Resolves when this is true; checked after each event of the socket. */
  until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#watchers.push({ isDone, resolve });
      this.#look();
    });
  }

  stop(): Promise<void> {
    return this.#server.close();
  }

  #read(frames: readonly Uint8Array[]): string {
    const frame = decodeClientFrame(frames);
    this.#producer = Buffer.from(frame.producer);
    if (frame.kind === 'hello') return `hello ${frame.last}`;
    this.bodies.push(Buffer.from(frame.body));
    return `${frame.seq} after ${frame.prev}`;
  }

  #look(): void {
    for (const { isDone, resolve } of this.#watchers) if (isDone()) resolve();
    this.#watchers = this.#watchers.filter(({ isDone }) => !isDone());
  }
}
