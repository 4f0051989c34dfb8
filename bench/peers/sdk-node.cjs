// sdk-node with logs, traces and the instrumentation of pino, started as documented.
const { PinoInstrumentation } = require('@opentelemetry/instrumentation-pino');
const { NodeSDK } = require('@opentelemetry/sdk-node');

const sdk = new NodeSDK({ instrumentations: [new PinoInstrumentation()] });
sdk.start();
process.once('beforeExit', () => sdk.shutdown());
