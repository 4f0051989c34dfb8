import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * For each test file: disables the `AsyncLocalStorage`s that it used. Up to Node.js 22 one that was used once costs
 * something for each promise of the process, also when the module that made it is gone, and a process runs many files.
 */
interface Enabling {
  _enable?(this: AsyncLocalStorage<unknown>): void;
}

const prototype = AsyncLocalStorage.prototype as Enabling;
const { _enable } = prototype;
if (_enable !== undefined) {
  const used = new Set<AsyncLocalStorage<unknown>>();
  prototype._enable = function (this: AsyncLocalStorage<unknown>) {
    used.add(this);
    _enable.call(this);
  };
  afterAll(() => {
    prototype._enable = _enable;
    for (const storage of used) storage.disable();
  });
}
