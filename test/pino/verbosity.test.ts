import { LoggerProvider } from '@opentelemetry/sdk-logs';
import pino from 'pino';
import { BurstLoggerProvider } from '../../src/index.ts';
import { withBurstlog } from '../../src/pino.ts';

test('configure() reaches a logger of pino by its name; what pino writes stays as it was', () => {
  const bodies: unknown[] = [];
  const processor = {
    onEmit: ({ body }: { body?: unknown }) => void bodies.push(body),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const loggerProvider = new BurstLoggerProvider({
    provider: new LoggerProvider({ processors: [processor] }),
  });
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  const logger = pino(withBurstlog({ name: 'shop' }, { level: 'trace', loggerProvider }), stream);

  logger.debug('held');
  const end = loggerProvider.configure({ logger: 'shop', emitLevel: 'TRACE' });
  logger.trace('wanted');
  end();
  loggerProvider.configure({ logger: 'shop', level: 'INFO' });
  logger.debug('refused');

  expect(bodies).toEqual(['wanted']);
  expect(loggerProvider.stats().held).toBe(1);
  expect(lines).toEqual([]);
});
