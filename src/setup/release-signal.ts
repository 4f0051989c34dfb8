import { handledElsewhere, OURS } from '../box/index.ts';

/**
 * Calls `release` on every such signal unless the application has a listener for it. When the application
 * adds one, at any time, this listener is removed, and the signal has only the application's meaning.
 *
 * Windows has no such signals, and a worker thread receives none.
 * @returns a function that stops listening
 */
export function releaseOnSignal(signal: NodeJS.Signals, release: () => void): () => void {
  if (
    process.platform === 'win32' ||
    !process.getBuiltinModule('node:worker_threads').isMainThread ||
    handledElsewhere(signal)
  )
    return () => {};
  const listener = Object.defineProperty(() => release(), OURS, { value: true });
  const stop = () => {
    process.off(signal, listener);
    process.off('newListener', giveWay);
  };
  const giveWay = (event: string | symbol) => {
    // The new listener is registered after this event.
    if (event === signal) queueMicrotask(() => handledElsewhere(signal) && stop());
  };
  process.on(signal, listener);
  process.on('newListener', giveWay);
  return stop;
}

/**
 * Whether nodemon runs the application. nodemon restarts it with SIGUSR2 and waits until it has ended. It
 * sets no variable of its own; its name is found in what npm and shells leave in the environment.
 */
export function runsUnderNodemon(environment: { readonly [name: string]: string | undefined }): boolean {
  const { npm_lifecycle_script: script = '', _: command = '' } = environment;
  return /\bnodemon\b/.test(script) || /\bnodemon(?:\.js)?$/.test(command);
}
