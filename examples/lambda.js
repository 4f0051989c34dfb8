// The platform may freeze a function as soon as its handler returns, so each invocation flushes before. A function may
// serve several invocations at the same time (Lambda Managed Instances, Cloud Run, Azure Functions), so each has a key.
import { AsyncLocalStorage } from 'node:async_hooks';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor, Severity } from 'burstlog';

const exporter = {
  export(records, done) {
    for (const { severityText, body } of records) console.log(severityText, body);
    done({ code: 0 });
  },
  shutdown: async () => {},
};

const invocations = new AsyncLocalStorage();
// No after-window, because an invocation ends with its error.
const burst = new BurstLogRecordProcessor({ exporter, scope: () => invocations.getStore(), after: false });
const logger = new LoggerProvider({ processors: [burst] }).getLogger('resize');
const log = (name, body) => logger.emit({ severityNumber: Severity[name], severityText: name, body });

/** Wraps a handler: a failed invocation sends its DEBUG records, one that went well discards them. */
const withBurst =
  (handler) =>
  (event, { awsRequestId }) =>
    invocations.run(awsRequestId, async () => {
      try {
        return await handler(event);
      } catch (error) {
        log('ERROR', `the invocation failed: ${error.message}`);
        throw error;
      } finally {
        burst.discard();
        await burst.forceFlush();
      }
    });

export const handler = withBurst(async ({ picture, width }) => {
  log('DEBUG', `resizes ${picture} to ${width}`);
  await null;
  if (!(width > 0)) throw new RangeError('width must be above 0');
});

await Promise.allSettled([
  handler({ picture: 'cat.png', width: 200 }, { awsRequestId: 'b1f2' }),
  handler({ picture: 'dog.png', width: -1 }, { awsRequestId: '77ac' }),
]);

// Output:
// ERROR the invocation failed: width must be above 0
// DEBUG resizes dog.png to -1
// INFO burst released 1 record (severity), 0 lost
