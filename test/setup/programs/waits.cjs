// Logs quiet records and an error, prints so repeatedly, and waits for a signal.
const pino = require('pino');
const { Writable } = require('node:stream');

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
const log = pino({ level: 'debug' }, nowhere);
log.debug('what led to it');
log.error('it failed');
setInterval(() => process.stdout.write('ready\n'), 20);
