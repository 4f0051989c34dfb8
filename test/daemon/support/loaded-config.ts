import type { LoadedConfig } from '../../../src/config/index.ts';
import { loadPlugins, loadSecrets, parseConfig, pluginsIn } from '../../../src/config/index.ts';
import { loadPatterns } from '../../../src/ottl/index.ts';

/** A configuration in the form for the daemon. @throws with its errors */
export async function loadedConfig(text: string, directory: string): Promise<LoadedConfig> {
  const source = { fileName: 'distlogd.yaml', environment: {}, directory };
  const plugins = await loadPlugins(pluginsIn(text, source), directory);
  const extensions = { ...plugins, patterns: await loadPatterns() };
  const parsed = parseConfig(text, { ...source, extensions });
  if (!('config' in parsed)) throw new Error(JSON.stringify(parsed.errors));
  const result = await loadSecrets(parsed);
  if (!('secrets' in result)) throw new Error(JSON.stringify(result.errors));
  return { config: parsed.config, secrets: result.secrets, extensions };
}
