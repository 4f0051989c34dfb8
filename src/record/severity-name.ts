const NAMES = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/** `INFO` for 9, `INFO2` for 10; undefined for a number that is none of OpenTelemetry's. */
export function severityNameOf(severityNumber: number): string | undefined {
  const name = NAMES[Math.floor((severityNumber - 1) / 4)];
  const step = (severityNumber - 1) % 4;
  return name === undefined || step === 0 ? name : `${name}${step + 1}`;
}
