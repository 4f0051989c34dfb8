/**
 * Ends the set-up when the process comes to its natural end, or is asked to end by SIGTERM and nobody else listens: then
 * the process ends by that signal once everything is delivered.
 * @returns a function that stops watching
 */
export function flushAtEnd(shutdown: () => Promise<void>): () => void {
  const onBeforeExit = () => void shutdown();
  const onTerminate = () => {
    const isOnlyListener = process.listenerCount('SIGTERM') === 1;
    void shutdown().then(() => {
      if (isOnlyListener) process.kill(process.pid, 'SIGTERM');
    });
  };
  process.once('beforeExit', onBeforeExit);
  process.on('SIGTERM', onTerminate);
  return () => {
    process.off('beforeExit', onBeforeExit);
    process.off('SIGTERM', onTerminate);
  };
}
