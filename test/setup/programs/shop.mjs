// A service in miniature, as ES module: two requests, one of which fails. It knows nothing of burstlog.
import { Writable } from 'node:stream';
import { trace } from '@opentelemetry/api';
import pino from 'pino';
import winston from 'winston';

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
const log = pino({ level: 'debug' }, nowhere);
const audit = winston.createLogger({
  level: 'debug',
  transports: [new winston.transports.Stream({ stream: nowhere })],
});

for (const card of ['good', 'bad']) {
  trace.getTracer('shop').startActiveSpan(`pay by ${card} card`, (span) => {
    log.debug(`${card}: card is checked`);
    audit.debug(`${card}: amount is 42`);
    log.info(`${card}: order received`);
    if (card === 'bad') log.error(`${card}: card was declined`);
    span.end();
  });
}
