import type { LoadedConfig } from '../../config/index.ts';
import type { StatusReport } from '../../operations/index.ts';
import { askDaemon } from './ask-daemon.ts';

/**
 * Requests `/status` from the daemon of this configuration, on this machine.
 * @throws (rejects) if it does not respond within five seconds, or not with a status
 */
export async function requestStatus(loaded: LoadedConfig): Promise<StatusReport> {
  const { where, status, body } = await askDaemon(loaded, 'GET', '/status');
  if (status !== 200) throw new Error(`the daemon at ${where} answered ${status}`);
  return parsed(body, where);
}

function parsed(body: string, where: string): StatusReport {
  try {
    const report = JSON.parse(body) as StatusReport;
    if (Array.isArray(report.sinks) && Array.isArray(report.receivers)) return report;
  } catch {
    // The body is not JSON.
  }
  throw new Error(`the program at ${where} is not this version of distlogd`);
}
