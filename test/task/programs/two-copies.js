// The ES module copy and the CommonJS copy of the package in one process. Prints what each sees of the other.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as esm from '../../../dist/esm/index.js';
import { logger, records } from './recorder.js';

const cjs = createRequire(import.meta.url)('../../../dist/cjs/index.js');
assert.notEqual(esm.task, cjs.task);

for (const [outer, inner] of [
  [esm, cjs],
  [cjs, esm],
]) {
  await outer.task(
    'outer',
    { user: 'leo' },
    async (/** @type {import('../../../dist/esm/index.js').Task} */ job) => {
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(inner.currentTask(), job);
      await inner.to('inner', async (/** @type {import('../../../dist/esm/index.js').Task} */ step) => {
        await new Promise((resolve) => setImmediate(resolve));
        assert.equal(step.parent, job);
        assert.deepEqual(step.path, ['outer', 'inner']);
        assert.equal(outer.currentTask(), step);
        outer.to('innermost', (/** @type {import('../../../dist/esm/index.js').Task} */ last) => {
          assert.deepEqual(last.path, ['outer', 'inner', 'innermost']);
          logger.emit({ severityNumber: 9, body: 'inside' });
        });
        const started = inner.startTask('started', {}, { parent: job });
        assert.equal(started.parent, job);
        started.success();
        started[Symbol.dispose]();
      });
      assert.equal(outer.currentTask(), job);
    },
  );
  const inside = records().findLast(({ body }) => body === 'inside');
  assert.equal(inside?.attributes['task.name'], 'innermost');
  assert.equal(inside?.attributes.user, 'leo');
}
console.log(records().length);
