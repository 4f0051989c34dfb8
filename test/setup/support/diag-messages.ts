import { DiagLogLevel, diag } from '@opentelemetry/api';

/** Listens to `diag` in every test of a file. @returns the messages of the running test */
export function diagMessages(): () => readonly string[] {
  const messages: string[] = [];
  const keep = (message: string) => void messages.push(message);
  beforeEach(() => {
    messages.length = 0;
    const logger = { error: keep, warn: keep, info() {}, debug() {}, verbose() {} };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  });
  afterAll(() => diag.disable());
  return () => messages;
}
