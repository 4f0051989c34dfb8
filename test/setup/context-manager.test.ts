import { EventEmitter } from 'node:events';
import { createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { StorageContextManager } from '../../src/setup/context-manager.ts';

const manager = new StorageContextManager();
const KEY = createContextKey('test');
const one = ROOT_CONTEXT.setValue(KEY, 'one');
const two = ROOT_CONTEXT.setValue(KEY, 'two');
const active = () => manager.active().getValue(KEY);

test('a context holds for a call and what it awaits, and contexts nest', async () => {
  await manager.with(one, async () => {
    expect(manager.with(two, active)).toBe('two');
    await new Promise(setImmediate);
    expect(active()).toBe('one');
  });
  expect(manager.active()).toBe(ROOT_CONTEXT);
});

test('this, arguments and result of a call are passed on', () => {
  const result = manager.with(
    one,
    function (this: { base: number }, a: number, b: number) {
      return this.base + a + b;
    },
    { base: 1 },
    2,
    3,
  );
  expect(result).toBe(6);
});

test('a bound function runs in its context, with its own this, arguments and length', () => {
  const bound = manager.bind(one, function (this: string, _a: number, _b: number) {
    return [active(), this, _a];
  });
  expect(bound.call('me', 1, 2)).toEqual(['one', 'me', 1]);
  expect(bound.length).toBe(2);
});

test.each(['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'] as const)(
  'a listener that %s() adds to a bound emitter runs in its context, and can be removed',
  (add) => {
    const emitter = manager.bind(one, new EventEmitter());
    const seen: unknown[] = [];
    const listener = () => void seen.push(active());
    emitter[add]('end', listener);
    manager.with(two, () => emitter.emit('end'));
    emitter[add]('end', listener);
    emitter.off('end', listener);
    if (!/once/i.test(add)) emitter.off('end', listener);
    emitter.emit('end');
    expect(seen).toEqual(['one']);
    expect(emitter.listenerCount('end')).toBe(0);
  },
);

test('an emitter that is bound twice keeps its first context, and its listeners can be removed', () => {
  const emitter = manager.bind(two, manager.bind(one, new EventEmitter()));
  const seen: unknown[] = [];
  const listener = () => void seen.push(active());
  emitter.once('end', listener);
  emitter.emit('end');
  emitter.emit('end');
  emitter.on('end', listener);
  emitter.off('end', listener);
  emitter.emit('end');
  expect(seen).toEqual(['one']);
  expect(emitter.listenerCount('end')).toBe(0);
});

test('what is neither a function nor an emitter is returned as it is', () => {
  const value = { its: 'own' };
  expect(manager.bind(one, value)).toBe(value);
});
