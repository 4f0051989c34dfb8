// Logs an INFO and quiet records before it, then exits at once with code 1.
const pino = require('pino');
const { Writable } = require('node:stream');

const log = pino({ level: 'debug' }, new Writable({ write: (_chunk, _encoding, done) => done() }));
log.debug('what led to it');
log.info('it goes wrong');
process.exit(1);
