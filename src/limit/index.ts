export { explicitFingerprint, fingerprintOf, spanFingerprint } from './fingerprint.ts';
export type { Limited, Recurrence, Repeat } from './recurrence.ts';
export { type Admission, type LimitOptions, ReleaseLimit } from './release-limit.ts';
