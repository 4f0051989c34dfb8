import { endpointFindings, endpointOf } from './endpoint.ts';
import type { Evidence } from './evidence.ts';
import type { Finding } from './finding.ts';
import { recordFindings } from './record-findings.ts';
import { setUpFindings } from './set-up-findings.ts';

/** Returns the reasons why a process shows no burst; reasons in the setup come first. */
export async function diagnose(evidence: Evidence): Promise<readonly Finding[]> {
  const url = endpointOf(evidence);
  const findings = [...setUpFindings(evidence), ...recordFindings(evidence)];
  return url === undefined ? findings : [...findings, ...(await endpointFindings(url))];
}

/**
 * Selects the relevant process of a command: one with a burst, otherwise one with loggers, otherwise the
 * last.
 */
export function mainProcess(all: readonly Evidence[]): Evidence | undefined {
  const weight = ({ bursts, loggers, copies }: Evidence) =>
    bursts.length * 100 + loggers.length * 10 + copies.length;
  return all.toSorted((one, other) => weight(one) - weight(other)).at(-1);
}

/** Returns the lines of the report. */
export function reportOf(evidence: Evidence, findings: readonly Finding[]): readonly string[] {
  const head = `distlog doctor: process ${evidence.pid}, ${evidence.entry || 'no entry file'}`;
  const counts = evidence.bursts.map(
    ({ name, stats }) =>
      `  ${name}: ${stats.held} held, ${stats.bursts} bursts, ${stats.released} released, ${stats.live} exported at once, ${stats.delivered} delivered`,
  );
  const causes = findings.flatMap(({ cause, seen, why, remedy }, index) => [
    '',
    `${index + 1}. ${cause}: ${seen}`,
    `   why: ${why}`,
    `   do:  ${remedy}`,
  ]);
  const warnings = evidence.warnings.map((text) => `  ${text}`);
  return [
    head,
    ...counts,
    ...(findings.length === 0 ? ['', 'No problems found.'] : causes),
    ...(warnings.length === 0 ? [] : ['', 'warnings of burstlog:', ...warnings]),
  ];
}
