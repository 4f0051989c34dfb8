// Jobs of a queue, such as BullMQ: one task for each job. DEBUG records are exported only if the job fails.
//
//   npm install burstlog @opentelemetry/api @opentelemetry/sdk-logs @opentelemetry/auto-instrumentations-node
//   node --import burstlog/register jobs.js
import { importTask, task, to } from 'burstlog';
import { withBurstlog } from 'burstlog/pino';
import pino from 'pino';

const log = pino(withBurstlog({ level: 'info' }));
const queue = [];

/** Stores its traceparent in the data of the job. `queue.add()` of BullMQ takes the same name and data. */
function add(name, data) {
  return task(`add ${name}`, data, (job) => {
    queue.push({ name, data: { ...data, traceparent: job.foreignTask() } });
  });
}

/** A processor for BullMQ: `new Worker('mails', processJob)`. It rejects if the job fails. */
async function processJob({ name, data: { traceparent, ...data } }) {
  return importTask(traceparent, name, data, async (job) => {
    log.debug('job started');
    await to('render', {}, { severity: 'DEBUG' }, async () =>
      log.debug({ template: 'invoice' }, 'template loaded'),
    );
    if (!data.to.includes('@')) throw new TypeError(`no address: ${data.to}`);
    log.info('mail sent');
    job.success('sent to %s', data.to);
  });
}

async function work() {
  for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
    // The task has logged the error of a failed job; the loop continues.
    await processJob(job).catch(() => {});
  }
}

add('send mail', { to: 'ada@example.com' });
add('send mail', { to: 'nobody' });
await Promise.all([work(), work()]);
