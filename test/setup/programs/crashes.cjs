// Logs quiet records, then throws an uncaught error.
const pino = require('pino');
const { Writable } = require('node:stream');

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
const log = pino({ level: 'debug' }, nowhere);
log.debug('what led to it');
throw new Error('nobody expected this');
