// Continues the task of its parent process, which came in the environment or as an argument, and starts a child of
// its own while there are generations to come. Prints the records of all of them, one JSON text a line.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { environmentSetter, importTask, to } from '../../../dist/esm/index.js';
import { logger, records } from './recorder.js';

const [, , way = '', generations = '0', header = ''] = process.argv;
const name = `child ${generations}`;

importTask(way === 'environment' ? process.env : header, name, (job) => {
  logger.emit({ severityNumber: 9, body: `in ${name}` });
  if (Number(generations) === 0) return;
  to('start a child', (step) => {
    const env = { ...process.env };
    if (way === 'environment') step.inject(env, environmentSetter);
    const more = [
      way,
      String(Number(generations) - 1),
      ...(way === 'environment' ? [] : [step.foreignTask()]),
    ];
    const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...more], {
      env,
      encoding: 'utf8',
    });
    process.stdout.write(child.stdout);
  });
  job.success('%s is done', name);
});
for (const record of records(name)) console.log(JSON.stringify(record));
