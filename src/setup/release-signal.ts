import { handledElsewhere, OURS } from '../box/index.ts';

/**
 * Calls `release` at every such signal, as long as the application does not listen for it. A listener of the
 * application, whenever it comes, takes the place of this one: the signal then means what it meant without us.
 *
 * Windows has no such signals, and a worker thread gets none.
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
    // The new listener is there in a moment.
    if (event === signal) queueMicrotask(() => handledElsewhere(signal) && stop());
  };
  process.on(signal, listener);
  process.on('newListener', giveWay);
  return stop;
}

/**
 * nodemon restarts the application with SIGUSR2, and waits until it has ended. It says nowhere that it is there; its
 * name stands in what npm and shells leave in the environment.
 */
export function runsUnderNodemon(environment: { readonly [name: string]: string | undefined }): boolean {
  const { npm_lifecycle_script: script = '', _: command = '' } = environment;
  return /\bnodemon\b/.test(script) || /\bnodemon(?:\.js)?$/.test(command);
}
