// Runs the tests of a mutant with jest, for mutation.js: the most likely ones to fail first, and only until
// one fails.
const { relative } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

/** A test sequencer and a reporter in one. */
module.exports = class extends Sequencer {
  /**
   * @override
   * @param {import('@jest/test-result').Test[]} tests
   */
  sort(tests) {
    /** @type {string[]} */
    const first = JSON.parse(process.env.MUTATION_FIRST ?? '[]');
    const placeOf = (/** @type {{ path: string }} */ { path }) => {
      const at = first.findIndex((name) => name !== '' && path.includes(name));
      return at < 0 ? first.length : at;
    };
    const sorted = /** @type {import('@jest/test-result').Test[]} */ (super.sort(tests));
    return sorted.sort((one, other) => placeOf(one) - placeOf(other));
  }

  /**
   * @param {{ path: string }} test
   * @param {{ status: string }} result
   */
  onTestCaseResult({ path }, { status }) {
    if (status === 'failed') end(path);
  }

  /**
   * @param {{ path: string }} test
   * @param {{ numFailingTests: number, testExecError?: unknown }} result
   */
  onTestResult({ path }, { numFailingTests, testExecError }) {
    if (numFailingTests > 0 || testExecError !== undefined) end(path);
  }
};

/** @param {string} path of the test file that failed */
function end(path) {
  process.stdout.write(`failed ${relative(process.cwd(), path)}\n`);
  process.exit(1);
}
