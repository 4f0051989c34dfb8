// A task that continues in another process: its id is passed in the environment, and is in the records of both.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { environmentSetter, importTask, task } from 'burstlog';

const self = fileURLToPath(import.meta.url);

if (process.argv[2] === 'child') {
  importTask(process.env, 'convert the picture', { file: process.argv[3] }, (job) => {
    // Records in here, of any logger, have the trace of the parent process, and its task as task.parent.id.
    console.log(`child: trace ${job.foreignTask().slice(3, 35)}`);
  });
} else {
  task('make a thumbnail', (job) => {
    const env = { ...process.env };
    job.inject(env, environmentSetter);
    const child = spawnSync(process.execPath, [self, 'child', 'cat.png'], { env, encoding: 'utf8' });
    const same = child.stdout.trim() === `child: trace ${job.foreignTask().slice(3, 35)}`;
    console.log(same ? 'parent and child are in one trace' : child.stdout + child.stderr);
    job.success('made one');
  });
}

// Output:
// parent and child are in one trace
