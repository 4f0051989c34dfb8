/** Log records as an application emits them. */
export const everyKindOfRecord: readonly object[] = [
  {
    severityNumber: 9,
    body: 'checkout',
    eventName: 'task.started',
    timestamp: 1_795_241_556_123,
    attributes: { 'task.id': '00f067aa0ba902b7', 'task.sequence': 1, 'task.name': 'checkout' },
  },
  { severityNumber: 17, body: { user: 'leo', list: [1, 2.5, true] }, timestamp: 1_795_241_556_124 },
  { body: 42, timestamp: 1_795_241_556_125, attributes: { list: ['a', 'b'], ratio: 0.5, yes: true } },
  { timestamp: 1_795_241_556_126 },
];
