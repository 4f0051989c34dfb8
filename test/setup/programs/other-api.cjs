// Simulates another copy of @opentelemetry/api, of another version, that registers first.
Object.assign(globalThis, { [Symbol.for('opentelemetry.js.api.1')]: { version: '1.0.0' } });
