import { isColored, styleOfSeverity } from '../../src/text/index.ts';

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [true, { TERM: 'dumb' }, false],
  [false, { FORCE_COLOR: '1' }, true],
  [false, { FORCE_COLOR: '' }, true],
  [true, { FORCE_COLOR: '0' }, false],
  [true, { FORCE_COLOR: 'false' }, false],
  [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
])('auto, terminal %s, %j: color %s', (isTerminal, env, expected) => {
  expect(isColored('auto', { isTerminal, env })).toBe(expected);
});

test('always and never ignore the environment', () => {
  expect(isColored('always', { isTerminal: false, env: { NO_COLOR: '1' } })).toBe(true);
  expect(isColored('never', { isTerminal: true, env: { FORCE_COLOR: '1' } })).toBe(false);
});

test('the higher a severity, the more it stands out', () => {
  expect([0, 1, 8, 9, 12, 13, 16, 17, 20, 21, 24].map(styleOfSeverity)).toEqual([
    ...['plain', 'dim', 'dim', 'plain', 'plain', 'magenta', 'magenta'],
    ...['boldRed', 'boldRed', 'reverseRed', 'reverseRed'],
  ]);
});
