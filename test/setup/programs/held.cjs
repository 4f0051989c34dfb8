// Holds what it logs, prints so repeatedly, and waits for signals. With the argument `own` it listens for SIGUSR2 as
// nodemon's documentation shows: once, and then ends by the signal.
const pino = require('pino');
const { Writable } = require('node:stream');

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
const log = pino({ level: 'debug' }, nowhere);
if (process.argv[2] === 'own') {
  process.once('SIGUSR2', () =>
    process.stdout.write('cleans up\n', () => process.kill(process.pid, 'SIGUSR2')),
  );
}
log.debug('what is held');
setInterval(() => {
  log.debug('more');
  process.stdout.write('ready\n');
}, 20);
