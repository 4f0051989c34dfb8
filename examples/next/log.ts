import { withBurstlog } from 'burstlog/pino';
import pino from 'pino';

export const log = pino(withBurstlog({ level: 'info' }));
