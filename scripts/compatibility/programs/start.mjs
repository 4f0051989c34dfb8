// start() with standard output: a failed task releases the held records.
import { task, to } from 'burstlog';
import { start } from 'burstlog/setup';

async function main() {
  const burstlog = start({
    serviceName: 'shop',
    exporter: 'stdout',
    stdoutFormat: 'text',
    instrumentations: false,
  });
  await task('checkout', async () => {
    await to('check stock', {}, { severity: 'DEBUG' }, async () => {});
    throw new RangeError('card was declined');
  }).catch(() => {});
  await burstlog.shutdown();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
