import { readFileSync } from 'node:fs';
import { Daemon } from '../../daemon/index.ts';
import { deadLetters } from './dead-letters.ts';
import { processIo } from './io.ts';
import { main } from './main.ts';
import { requestStatus } from './request-status.ts';

const lineThread = new URL('../../sinks/file/line-thread.js', import.meta.url);
const { version } = JSON.parse(
  readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8'),
) as {
  version: string;
};

// Whoever reads our output may stop reading: `distlogd dlq list | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// Not by process.exitCode: a daemon that is ended by force leaves sockets open, which would keep the process.
process.exit(
  await main(process.argv.slice(2), processIo(version), {
    startDaemon: (loaded, context) => Daemon.start(loaded, { ...context, lineThread }),
    requestStatus,
    deadLetters,
  }),
);
