import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { type Context, type ContextManager, context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Packages } from './packages.ts';

interface AsyncHooks {
  readonly AsyncLocalStorageContextManager: new () => ContextManager;
}

/**
 * Registers a context manager unless there is one: that of `@opentelemetry/context-async-hooks` if it is
 * installed, otherwise ours.
 * @returns a function that unregisters it; undefined if there was one
 */
export function registerContextManager(packages: Packages): (() => void) | undefined {
  if (hasContextManager()) return undefined;
  const hooks = packages.load<AsyncHooks>('@opentelemetry/context-async-hooks');
  const manager =
    hooks === undefined ? new StorageContextManager() : new hooks.AsyncLocalStorageContextManager();
  if (!context.setGlobalContextManager(manager.enable())) return undefined;
  return () => context.disable();
}

/** Whether a context manager is registered, which only its effect shows. */
export function hasContextManager(): boolean {
  const probe = ROOT_CONTEXT.setValue(Symbol('probe'), true);
  return context.with(probe, () => context.active() === probe);
}

type Listener = (...parameters: unknown[]) => unknown;

/**
 * A context manager on Node.js's AsyncLocalStorage, for applications without
 * `@opentelemetry/context-async-hooks`.
 */
export class StorageContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  /**
   * Emitters that are already bound. They keep their context, because Node.js marks wrapped listeners only
   * once.
   */
  readonly #bound = new WeakSet<EventEmitter>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    active: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(active, () => fn.call(thisArg as ThisParameterType<F>, ...args));
  }

  bind<T>(active: Context, target: T): T {
    if (target instanceof EventEmitter) return this.#bindEmitter(active, target);
    return typeof target === 'function' ? (this.#bindFunction(active, target as Listener) as T) : target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }

  #bindFunction(active: Context, target: Listener): Listener {
    const manager = this;
    const bound = function (this: unknown, ...parameters: unknown[]) {
      return manager.#storage.run(active, () => target.apply(this, parameters));
    };
    return Object.defineProperty(bound, 'length', { value: target.length });
  }

  /**
   * Runs the listeners in the context; `removeListener()` finds them by Node.js's own mark of a wrapped
   * listener.
   */
  #bindEmitter<T extends EventEmitter>(active: Context, emitter: T): T {
    if (this.#bound.has(emitter)) return emitter;
    this.#bound.add(emitter);
    const { addListener, prependListener } = emitter;
    const adding =
      (add: typeof addListener, isOnce: boolean) => (event: string | symbol, listener: Listener) => {
        const bound = this.#bindFunction(active, listener);
        const once = function (this: unknown, ...parameters: unknown[]) {
          emitter.removeListener(event, listener);
          return bound.apply(this, parameters);
        };
        return add.call(emitter, event, Object.assign(isOnce ? once : bound, { listener }));
      };
    emitter.on = adding(addListener, false);
    emitter.addListener = emitter.on;
    emitter.once = adding(addListener, true);
    emitter.prependListener = adding(prependListener, false);
    emitter.prependOnceListener = adding(prependListener, true);
    return emitter;
  }
}
