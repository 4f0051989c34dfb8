import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ComponentMetrics, type ObservableResultLike } from '../../src/record/index.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

type Callback = (result: ObservableResultLike) => void;

/** A MeterProvider that shows which callbacks it has. */
function meters() {
  const callbacks: Callback[] = [];
  const instrument = {
    addCallback: (callback: Callback) => void callbacks.push(callback),
    removeCallback: (callback: Callback) => void callbacks.splice(callbacks.indexOf(callback), 1),
  };
  const meter = {
    createObservableCounter: () => instrument,
    createObservableUpDownCounter: () => instrument,
  };
  const collect = () => {
    const values: [number, unknown][] = [];
    for (const callback of [...callbacks]) {
      callback({ observe: (value, attributes) => void values.push([value, attributes]) });
    }
    return values;
  };
  return { meterProvider: { getMeter: () => meter }, callbacks, collect };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const component = { 'otel.component.name': 'own', 'otel.component.type': 'thing' };

test('every value carries the name and the type of its component', () => {
  const { meterProvider, collect } = meters();
  const metrics = new ComponentMetrics(meterProvider, 'thing', 'own');
  metrics.counter('a', {}, (observe) => observe(1));
  metrics.level('b', {}, (observe) => observe(2, { cause: 'x' }));
  expect(collect()).toEqual([
    [1, component],
    [2, { ...component, cause: 'x' }],
  ]);
});

test('a component without a name is its type and a number, by provider and type', () => {
  const { meterProvider } = meters();
  const nameOf = (provider: typeof meterProvider, type: string) =>
    new ComponentMetrics(provider, type, undefined).name;
  expect([nameOf(meterProvider, 'one'), nameOf(meterProvider, 'one'), nameOf(meterProvider, 'two')]).toEqual([
    'one/0',
    'one/1',
    'two/0',
  ]);
  expect(nameOf(meters().meterProvider, 'one')).toBe('one/0');
  expect(nameOf(Object.freeze(meters().meterProvider), 'one')).toBe('one/0');
});

describe('after its end', () => {
  /** @returns a reference to the component */
  function ended(meterProvider: ReturnType<typeof meters>['meterProvider']) {
    const counter = { value: 1 };
    const metrics = new ComponentMetrics(meterProvider, 'thing', 'own');
    metrics.counter('a', {}, (observe) => observe(counter.value));
    counter.value = 2;
    metrics.end();
    metrics.end();
    counter.value = 3;
    return metrics;
  }

  test('the last values are reported once more, and then its callbacks are removed', async () => {
    const { meterProvider, callbacks, collect } = meters();
    const metrics = ended(meterProvider);
    expect(collect()).toEqual([[3, component]]);
    await turn();
    expect(callbacks).toEqual([]);
    expect(metrics.name).toBe('own');
  });

  test('it is not kept alive for that: the values at its end are reported', async () => {
    const { meterProvider, collect } = meters();
    ended(meterProvider);
    await turn();
    collectGarbage();
    expect(collect()).toEqual([[2, component]]);
  });
});
