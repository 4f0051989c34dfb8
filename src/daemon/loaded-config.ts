import type { DaemonConfig, Extensions, Secrets } from '../config/index.ts';

/** A configuration that was found right, with what its files hold. */
export interface LoadedConfig {
  readonly config: DaemonConfig;
  readonly secrets: Secrets;
  readonly extensions: Extensions;
}
