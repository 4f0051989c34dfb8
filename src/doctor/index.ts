export { diagnose, mainProcess, reportOf } from './diagnose.ts';
export type { Evidence } from './evidence.ts';
export type { Finding } from './finding.ts';
