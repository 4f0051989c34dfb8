import { writeFileSync } from 'node:fs';
import { forest, lines } from '../../src/tree/index.ts';
import { otlpLine } from './otlp-lines.ts';
import { failedCheckout } from './story.ts';

test('demo', () => {
  writeFileSync(
    '/tmp/demo.jsonl',
    failedCheckout()
      .map((r) => otlpLine(r))
      .join('\n'),
  );
  for (const o of [{}, { unfold: 'all' }, { unfold: 'none' }, { ascii: true, width: 80 }] as const)
    console.log([...lines(forest(failedCheckout()), o)].join('\n'));
});
