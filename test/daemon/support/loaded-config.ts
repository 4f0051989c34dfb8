import type { LoadedConfig } from '../../../src/config/index.ts';
import { loadSecrets, parseConfig } from '../../../src/config/index.ts';
import { loadPatterns } from '../../../src/ottl/index.ts';

/** A configuration as the daemon takes it. @throws with its errors */
export async function loadedConfig(text: string, directory: string): Promise<LoadedConfig> {
  const extensions = { patterns: await loadPatterns() };
  const parsed = parseConfig(text, { fileName: 'distlogd.yaml', environment: {}, directory, extensions });
  if (!('config' in parsed)) throw new Error(JSON.stringify(parsed.errors));
  const result = await loadSecrets(parsed);
  if (!('secrets' in result)) throw new Error(JSON.stringify(result.errors));
  return { config: parsed.config, secrets: result.secrets, extensions };
}
