import { httpListener, httpListenerChecks } from '../net/index.ts';
import { group } from '../settings/index.ts';

/** The options of `OperationsServer`. */
export const operationsOptions = group(httpListener('127.0.0.1:5080'), {
  canBeOff: true,
  meaning: 'Health (`/healthz`, `/readyz`), metrics (`/metrics`) and status. `http: false` disables it.',
  checks: httpListenerChecks,
});
