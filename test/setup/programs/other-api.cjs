// Leaves what another copy of @opentelemetry/api, of another version, leaves when it registers first.
Object.assign(globalThis, { [Symbol.for('opentelemetry.js.api.1')]: { version: '1.0.0' } });
