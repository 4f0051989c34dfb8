/** A tool, as `tools/list` describes it. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** The JSON Schema of its arguments. */
  readonly inputSchema: { readonly type: 'object'; readonly [key: string]: unknown };
  /**
   * @returns the text of the answer
   * @throws (rejects) Error, whose message is returned as an error of the tool
   */
  call(args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<string>;
}

export interface McpServerOptions {
  readonly name: string;
  readonly version: string;
  readonly instructions: string;
  readonly tools: readonly Tool[];
  /** Sends a message to the client, a line without its line end. */
  readonly send: (line: string) => void;
}

/** The supported protocol versions, the newest first. */
const VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
/** The maximum number of waiting and running calls; further ones are rejected. */
const MAX_CALLS = 64;
/** Longer messages are rejected without parsing. */
export const MAX_MESSAGE_BYTES = 1_048_576;

/** JSON-RPC 2.0, section 5.1. */
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;
const METHOD_NOT_FOUND = -32_601;
const INVALID_PARAMS = -32_602;
const BUSY = -32_000;

type Id = string | number;
type Json = Readonly<Record<string, unknown>>;
/** A response without its id. */
type Outcome =
  | { readonly result: object }
  | { readonly error: { readonly code: number; readonly message: string } };

/**
 * A Model Context Protocol server over lines of JSON-RPC, which provides only tools. Each request is answered
 * once, including invalid ones; notifications are not answered. Calls run one after the other. Cancelled
 * calls are not answered.
 */
export class McpServer {
  readonly #options: McpServerOptions;
  readonly #calls = new Map<Id, AbortController>();
  #running: Promise<unknown> = Promise.resolve();
  #open = 0;

  constructor(options: McpServerOptions) {
    this.#options = options;
  }

  /** Resolves when all requests so far have been answered. */
  async settled(): Promise<void> {
    while (this.#open > 0) await this.#running;
  }

  /** Handles a line of the client; undefined for a line that was too long. */
  take(line: string | undefined): void {
    if (line === undefined) {
      return this.#send(failed(null, PARSE_ERROR, `a message may have at most ${MAX_MESSAGE_BYTES} bytes`));
    }
    if (line.trim() === '') return;
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return this.#send(failed(null, PARSE_ERROR, 'invalid JSON'));
    }
    if (!Array.isArray(message)) return this.#one(message, (response) => this.#send(response));
    if (message.length === 0 || message.length > MAX_CALLS) {
      return this.#send(failed(null, INVALID_REQUEST, `a batch must have 1 to ${MAX_CALLS} messages`));
    }
    this.#batch(message);
  }

  /** Handles a batch, whose responses are sent as one message; protocol version 2025-03-26. */
  #batch(messages: readonly unknown[]): void {
    const responses: object[] = [];
    let left = messages.filter(isAnswered).length;
    if (left === 0) return;
    for (const message of messages) {
      this.#one(message, (response) => {
        if (response !== undefined) responses.push(response);
        left -= 1;
        if (left === 0 && responses.length > 0) this.#send(responses);
      });
    }
  }

  /** @param respond is called once per message that is answered; undefined if the call was cancelled */
  #one(message: unknown, respond: (response: object | undefined) => void): void {
    if (!isAnswered(message)) {
      if (isJson(message)) this.#notified(message);
      return;
    }
    if (!isRequest(message)) {
      return respond(
        failed(idOf(message), INVALID_REQUEST, 'a request must have jsonrpc "2.0", an id and a method'),
      );
    }
    const { id, method, params } = message;
    const outcome = this.#answer(id, method, isJson(params) ? params : {});
    if (!(outcome instanceof Promise)) return respond({ jsonrpc: '2.0', id, ...outcome });
    void outcome.then((done) => respond(done === undefined ? undefined : { jsonrpc: '2.0', id, ...done }));
  }

  #notified({ method, params }: Json): void {
    const id = method === 'notifications/cancelled' && isJson(params) ? params.requestId : undefined;
    if (typeof id === 'string' || typeof id === 'number') this.#calls.get(id)?.abort();
  }

  #answer(id: Id, method: string, params: Json): Outcome | Promise<Outcome | undefined> {
    const { name, version, instructions, tools } = this.#options;
    switch (method) {
      case 'initialize': {
        const asked = params.protocolVersion;
        const protocolVersion = VERSIONS.find((each) => each === asked) ?? VERSIONS[0];
        return {
          result: {
            protocolVersion,
            capabilities: { tools: {} },
            serverInfo: { name, version },
            instructions,
          },
        };
      }
      case 'ping':
        return { result: {} };
      case 'tools/list':
        return { result: { tools: tools.map(described) } };
      case 'tools/call': {
        const tool = tools.find((each) => each.name === params.name);
        if (tool === undefined) {
          const names = tools.map((each) => each.name).join(', ');
          return error(INVALID_PARAMS, `unknown tool; expected one of ${names}`);
        }
        if (params.arguments !== undefined && !isJson(params.arguments)) {
          return error(INVALID_PARAMS, 'arguments must be an object');
        }
        if (this.#open >= MAX_CALLS) return error(BUSY, `${MAX_CALLS} calls are waiting; try again later`);
        return this.#call(id, tool, params.arguments ?? {});
      }
      default:
        return error(METHOD_NOT_FOUND, 'unknown method');
    }
  }

  #call(id: Id, tool: Tool, args: Json): Promise<Outcome | undefined> {
    const stop = new AbortController();
    // If two calls have the same id, the later one can be cancelled.
    this.#calls.set(id, stop);
    this.#open += 1;
    const run = async (): Promise<Outcome | undefined> => {
      try {
        if (stop.signal.aborted) return undefined;
        return toolResult(await tool.call(args, stop.signal), false);
      } catch (error) {
        return toolResult(error instanceof Error ? error.message : String(error), true);
      } finally {
        this.#open -= 1;
        if (this.#calls.get(id) === stop) this.#calls.delete(id);
      }
    };
    const outcome = this.#running.then(run).then((done) => (stop.signal.aborted ? undefined : done));
    this.#running = outcome;
    return outcome;
  }

  #send(message: object | undefined): void {
    if (message !== undefined) this.#options.send(JSON.stringify(message));
  }
}

function described({ name, title, description, inputSchema }: Tool): object {
  const annotations = {
    title,
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  };
  return { name, title, description, inputSchema, annotations };
}

function toolResult(text: string, isError: boolean): Outcome {
  return { result: { content: [{ type: 'text', text }], isError } };
}

function error(code: number, message: string): Outcome {
  return { error: { code, message } };
}

function failed(id: Id | null, code: number, message: string): object {
  return { jsonrpc: '2.0', id, ...error(code, message) };
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function idOf(message: unknown): Id | null {
  const id = isJson(message) ? message.id : undefined;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

/**
 * Whether a message is answered: not a notification (no id), and not a response, because the server sends no
 * requests.
 */
function isAnswered(message: unknown): boolean {
  if (!isJson(message)) return true;
  if (!('method' in message) && ('result' in message || 'error' in message)) return false;
  return 'id' in message || typeof message.method !== 'string';
}

interface Request {
  readonly id: Id;
  readonly method: string;
  readonly params?: unknown;
}

function isRequest(message: unknown): message is Request {
  return (
    isJson(message) &&
    message.jsonrpc === '2.0' &&
    idOf(message) !== null &&
    typeof message.method === 'string'
  );
}
