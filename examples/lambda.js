// A Lambda is frozen as soon as its handler returns: each invocation must end what it began.
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor, Severity } from 'burstlog';

const exporter = {
  export(records, done) {
    for (const { severityText, body, attributes } of records) {
      const place = attributes['burst.sequence'];
      console.log(severityText, body, place ? `#${place}` : '');
    }
    done({ code: 0 });
  },
  shutdown: async () => {},
};

// Without an after-window: the next invocation has nothing to do with the error of this one.
const burst = new BurstLogRecordProcessor({ exporter, after: false });
const logger = new LoggerProvider({ processors: [burst] }).getLogger('resize');
const log = (name, body) => logger.emit({ severityNumber: Severity[name], severityText: name, body });

/** Wraps a handler: a failed invocation sends its DEBUG records, a good one lets them go. */
const withBurst = (handler) => async (event) => {
  try {
    return await handler(event);
  } catch (error) {
    log('ERROR', `the invocation failed: ${error.message}`);
    throw error;
  } finally {
    burst.discard({ keys: 'all' });
    await burst.forceFlush();
  }
};

export const handler = withBurst(async ({ picture, width }) => {
  log('DEBUG', `resizes ${picture} to ${width}`);
  if (!(width > 0)) throw new RangeError('width must be above 0');
});

await handler({ picture: 'cat.png', width: 200 });
await handler({ picture: 'dog.png', width: -1 }).catch(() => {});

// Output:
// ERROR the invocation failed: width must be above 0
// DEBUG resizes dog.png to -1 #1
// INFO burst released 1 record (severity), 0 lost
