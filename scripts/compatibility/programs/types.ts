import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLoggerProvider, BurstLogRecordProcessor, type BurstStats, task } from 'burstlog';
import { withBurstlog as withPino } from 'burstlog/pino';
import { start } from 'burstlog/setup';
import { StdoutLogRecordExporter } from 'burstlog/stdout';
import { captureLogs } from 'burstlog/testing';
import { ZmqLogRecordExporter } from 'burstlog/zeromq';

const burst = new BurstLogRecordProcessor({ exporter: new StdoutLogRecordExporter({ format: 'text' }) });
const provider = new LoggerProvider({ processors: [burst] });
export const stats: BurstStats = burst.stats();
export const front = new BurstLoggerProvider({ provider });
export const options: { level: string } = withPino({ level: 'info' });
export const exporter = new ZmqLogRecordExporter({ endpoint: 'tcp://127.0.0.1:5011' });
export const outcome: number = task('checkout', { cents: 42 }, () => 7);
export const logs = captureLogs({ burst: true });
export const running = start({ serviceName: 'shop' });
// @ts-expect-error an unknown option is an error
export const wrong = new BurstLogRecordProcessor({ exporter, capasity: 3 });
