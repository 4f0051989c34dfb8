// Tests of logs with jest. The pipeline has a burst processor, so that the test sees what a failure releases.
import { Severity } from 'burstlog';
import { captureLogs } from 'burstlog/testing';
import { checkout } from './shop.js';

let logs;
beforeEach(() => {
  logs = captureLogs({ burst: true });
});
afterEach(() => logs.end());

test('a failed checkout brings its DEBUG records along', async () => {
  const logger = logs.logger('shop');
  logger.emit({ severityNumber: Severity.DEBUG, body: 'the card is known' });
  await expect(checkout({ cents: 100_001 })).rejects.toThrow('over the limit');
  await logs.flush();

  logs.task('checkout').failed(/over the limit/);
  expect(logs.records.map(({ body }) => body)).toContain('check stock succeeded');
});
