import type { TreeRecord } from '../../src/tree/index.ts';

/** 2026-11-21 06:12:36 UTC. */
export const START_SECONDS = 1_795_241_556;
export const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

export interface Given extends Partial<TreeRecord> {
  /** Milliseconds after the beginning of the story. */
  readonly at?: number;
}

/** A record with minimal defaults. */
export function record({ at = 0, ...given }: Given = {}): TreeRecord {
  const millis = Math.round(at * 1e6) / 1e6;
  const seconds = Math.floor(millis / 1e3);
  return {
    traceId: TRACE,
    spanId: '',
    seconds: START_SECONDS + seconds,
    nanos: Math.round((millis - seconds * 1e3) * 1e6),
    severity: 9,
    eventName: '',
    body: '',
    attributes: {},
    service: 'shop',
    process: 'host/1',
    scope: 'test',
    ...given,
  };
}

/** Writes the records of a task one by one, in the same way as src/task. */
export class TaskStory {
  readonly records: TreeRecord[] = [];
  readonly id: string;
  readonly #name: string;
  readonly #common: Given;
  readonly #attributes: { readonly [name: string]: unknown };
  #sequence = 0;

  constructor(id: string, name: string, common: Given & { readonly parent?: string } = {}) {
    const { parent, attributes = {}, ...others } = common;
    this.id = id;
    this.#name = name;
    this.#common = { spanId: id, ...others };
    this.#attributes = {
      ...attributes,
      'task.id': id,
      'task.name': name,
      ...(parent === undefined ? {} : { 'task.parent.id': parent }),
    };
  }

  say(at: number, body: string, given: Given = {}): this {
    this.#sequence += 1;
    const attributes = { ...this.#attributes, 'task.sequence': this.#sequence, ...given.attributes };
    this.records.push(record({ ...this.#common, body, at, ...given, attributes }));
    return this;
  }

  /** A record that was held back or lost. */
  hold(count = 1): this {
    this.#sequence += count;
    return this;
  }

  start(at: number, attributes: Given['attributes'] = {}): this {
    return this.say(at, this.#name, { eventName: 'task.started', attributes });
  }

  succeed(at: number, seconds: number, body = `${this.#name} succeeded`): this {
    const attributes = { 'task.outcome': 'succeeded', 'task.duration': seconds };
    return this.say(at, body, { eventName: 'task.succeeded', attributes });
  }

  cancel(at: number, seconds: number): this {
    const attributes = { 'task.outcome': 'cancelled', 'task.duration': seconds };
    return this.say(at, `${this.#name} cancelled`, { eventName: 'task.cancelled', attributes });
  }

  fail(at: number, seconds: number, attributes: Given['attributes'] = {}, given: Given = {}): this {
    const all = { 'task.outcome': 'failed', 'task.duration': seconds, ...attributes };
    const message = `${attributes['exception.type']}: ${attributes['exception.message']}`;
    const failed = { body: `${this.#name} failed: ${message}`, severity: 17, eventName: 'task.failed' };
    return this.say(at, '', { ...failed, ...given, attributes: all });
  }
}

export const STACK = [
  "TypeError: Cannot read properties of undefined (reading 'sku')",
  '    at askWarehouse (file:///srv/stock/warehouse.js:41:17)',
  '    at reserve (file:///srv/stock/reserve.js:12:9)',
  '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
  '    at async handle (file:///srv/stock/server.js:77:3)',
  '    at async a (file:///srv/stock/server.js:78:3)',
  '    at async b (file:///srv/stock/server.js:79:3)',
  '    at async c (file:///srv/stock/server.js:80:3)',
  '    at async d (file:///srv/stock/server.js:81:3)',
  '  [cause]: SyntaxError: Unexpected end of JSON input',
  '    at JSON.parse (<anonymous>)',
  '    at parseAnswer (file:///srv/stock/warehouse.js:30:15)',
].join('\n');

/** The attributes that src/task writes for an error at the innermost task. */
export const ERROR = {
  'error.type': 'TypeError',
  'exception.type': 'TypeError',
  'exception.message': "Cannot read properties of undefined (reading 'sku')",
  'exception.stacktrace': STACK,
};

/** The attributes that it writes at the outer tasks. */
export function passedOn(failedIn: string): Given['attributes'] & object {
  const { 'exception.stacktrace': _, ...others } = ERROR;
  return { ...others, 'task.failed_in': failedIn };
}

/** An error of the caller itself. */
const HTTP_500 = {
  'error.type': 'Error',
  'exception.type': 'Error',
  'exception.message': 'stock answered 500',
  'exception.stacktrace': 'Error: stock answered 500\n    at reserve (file:///srv/shop/checkout.js:20:11)',
};

/** A checkout that failed in another process, whose clock is behind. */
export function failedCheckout(): TreeRecord[] {
  const stock = { service: 'stock', process: 'host/2' };
  const checkout = new TaskStory('a000000000000001', 'checkout', { attributes: { user: 'leo' } })
    .start(0)
    .say(2, 'reading the cart', { severity: 5 });
  const cart = new TaskStory('a000000000000002', 'load cart', { parent: checkout.id })
    .start(3)
    .hold(2)
    .succeed(90, 0.087);
  const price = new TaskStory('a000000000000003', 'price', { parent: checkout.id })
    .start(91)
    .say(95, 'tax of DE', { severity: 5 })
    .succeed(120, 0.029);
  const voucher = new TaskStory('a000000000000004', 'check voucher', { parent: checkout.id })
    .start(92)
    .cancel(130, 0.038);
  checkout.say(131, 'asking for stock', { attributes: { sku: 42 } });
  const reserve = new TaskStory('a000000000000005', 'reserve stock', {
    parent: 'b00000000000000f',
    ...stock,
  });
  checkout.say(132, 'POST /reserve', { severity: 5, spanId: 'b00000000000000f' });
  reserve.start(-60).say(-58, 'reserving', { severity: 5 });
  const token = new TaskStory('a000000000000006', 'check token', { parent: reserve.id, ...stock })
    .start(-57)
    .succeed(-55, 0.0021);
  const ask = new TaskStory('a000000000000007', 'ask warehouse', { parent: reserve.id, ...stock })
    .start(-50, { sku: 42 })
    .say(-49, 'GET http://10.0.0.1/stock/42', { severity: 5 })
    .hold(3)
    .say(360, 'the answer has no body', { severity: 13, attributes: { status: 204 } })
    .fail(362, 0.412, ERROR);
  reserve.fail(370, 0.43, passedOn(ask.id));
  checkout.say(600, 'no answer from stock, last try', { severity: 13 }).fail(1240, 1.24, HTTP_500);
  const invoice = new TaskStory('a000000000000008', 'send invoice', {
    traceId: '5cf92f3577b34da6a3ce929d0e0e4737',
    service: 'mail',
    process: 'host/3',
  })
    .start(1300, { 'task.links': [`00-${TRACE}-${checkout.id}-01`] })
    .say(1310, 'connecting to smtp', { severity: 5 });
  return [checkout, cart, price, voucher, reserve, token, ask, invoice].flatMap(({ records }) => records);
}
