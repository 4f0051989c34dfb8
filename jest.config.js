/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.[tj]s$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/.matrix/', '<rootDir>/test/consumer/'],
  // A look-up of a global in jest's sandbox takes ten times as long as what the loops of readers and writers do with it.
  // Not Number, String, Promise, Symbol, Error and Uint8Array: packages such as readable-stream declare these themselves.
  sandboxInjectedGlobals: ['Math', 'BigInt', 'Object', 'Array', 'JSON', 'Map', 'Set'],
  setupFilesAfterEnv: ['<rootDir>/test/support/disable-storages.ts'],
  // For what hangs, not for what is slow: tests with ten processes take 25 s on two cores that others use as well.
  testTimeout: 120_000,
  // One more than the cores of the smallest machine: tests often wait for a process, a socket or a disk.
  maxWorkers: 3,
};
