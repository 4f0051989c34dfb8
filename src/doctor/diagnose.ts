import { endpointFindings, endpointOf } from './endpoint.ts';
import type { Evidence } from './evidence.ts';
import type { Finding } from './finding.ts';
import { recordFindings } from './record-findings.ts';
import { setUpFindings } from './set-up-findings.ts';

/** Names the causes why a process shows no burst, those of the set-up first. */
export async function diagnose(evidence: Evidence): Promise<readonly Finding[]> {
  const url = endpointOf(evidence);
  const findings = [...setUpFindings(evidence), ...recordFindings(evidence)];
  return url === undefined ? findings : [...findings, ...(await endpointFindings(url))];
}

/** Of the processes that a command started, the one that matters: with a burst, with loggers, else the last one. */
export function mainProcess(all: readonly Evidence[]): Evidence | undefined {
  const weight = ({ bursts, loggers, copies }: Evidence) =>
    bursts.length * 100 + loggers.length * 10 + copies.length;
  return all.toSorted((one, other) => weight(one) - weight(other)).at(-1);
}

/** The report, as lines. */
export function reportOf(evidence: Evidence, findings: readonly Finding[]): readonly string[] {
  const head = `distlog doctor: process ${evidence.pid}, ${evidence.entry || 'without a file'}`;
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
    ...(findings.length === 0 ? ['', 'Nothing was found that hides bursts.'] : causes),
    ...(warnings.length === 0 ? [] : ['', 'burstlog warned:', ...warnings]),
  ];
}
