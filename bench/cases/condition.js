import { do_not_optimize } from 'mitata';
import { compileCondition } from '../../build/ottl/index.js';
import { nanosecondsEach, spreadLine } from '../figures.js';

export const title =
  'What does a condition of a rule cost a record, once it is decoded? Two attributes joined with `and`, both met.';

const CONDITION =
  'attributes["http.route"] == "/orders" and resource.attributes["service.name"] == "checkout"';
const CALLS = 200_000;
const AT_MOST = 100;

/** @param {import('../case.js').Form} form */
export function trials({ isQuick }) {
  return [
    {
      measure: 'condition of two attributes',
      options: 'records of 6 attributes, resources of 4',
      sides: { ours: {} },
      slices: isQuick ? 1 : 10,
    },
  ];
}

export function prepare() {
  const { test } = compileCondition(CONDITION);
  const attributes = [
    ['user.id', 'leo'],
    ['http.method', 'GET'],
    ['http.route', '/orders'],
    ['http.status', 200],
    ['duration', 12.5],
    ['retry', false],
  ];
  const resource = {
    attributes: [
      ['host.name', 'a'],
      ['service.name', 'checkout'],
      ['service.version', '1'],
      ['process.pid', 5],
    ],
    droppedAttributesCount: 0,
  };
  const scope = { name: 'shop', version: '', attributes: [], droppedAttributesCount: 0 };
  const records = Array.from({ length: 64 }, (_, at) => ({
    timeUnixNano: BigInt(at),
    observedTimeUnixNano: 0n,
    severityNumber: 9,
    severityText: '',
    body: `order ${at}`,
    attributes,
    droppedAttributesCount: 0,
    flags: 1,
    traceId: '',
    spanId: '',
    eventName: '',
  }));
  const work = () => {
    for (let call = 0; call < CALLS; call += 1) {
      do_not_optimize(
        test(
          /** @type {any} */ (records[call & 63]),
          /** @type {any} */ (scope),
          /** @type {any} */ (resource),
        ),
      );
    }
  };
  for (let warm = 0; warm < 10; warm += 1) work();
  return { repeat: () => ({ nanoseconds: nanosecondsEach(CALLS, work) }) };
}

/** @param {import('../case.js').Trial} trial @param {import('../case.js').Results} results */
export function lines(trial, results) {
  return [spreadLine(trial, results, { side: 'ours', figure: 'nanoseconds', unit: 'ns', atMost: AT_MOST })];
}
