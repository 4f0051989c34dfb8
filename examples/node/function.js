// A function, as Lambda and others run it: frozen when its handler returns, so each invocation ends with a
// flush. Several invocations may run at the same time: each is a task, and has its own trace.
//
//   npm install burstlog @opentelemetry/api @opentelemetry/sdk-logs @opentelemetry/auto-instrumentations-node
//   NODE_OPTIONS="--import burstlog/register"
import { importTask } from 'burstlog';
import { withBurstlog } from 'burstlog/pino';
import { activeBurstlog } from 'burstlog/setup';
import pino from 'pino';

const log = pino(withBurstlog({ level: 'info' }));

/** Wraps a handler. A failure releases its DEBUG records; they are exported before the handler returns. */
function withFlush(name, handler) {
  return async (event, context) => {
    try {
      return await importTask(event.headers ?? {}, name, { 'faas.invocation_id': context.awsRequestId }, () =>
        handler(event, context),
      );
    } finally {
      // Bounded, so that an unreachable Collector does not use up the time of the invocation.
      await activeBurstlog()?.forceFlush({ timeoutMillis: 2_000 });
    }
  };
}

export const handler = withFlush('resize', async ({ picture, width }) => {
  log.debug({ picture, width }, 'picture loaded');
  await null;
  if (!(width > 0)) throw new RangeError('width must be above 0');
  log.info('picture resized');
  return { statusCode: 200, body: picture };
});
