import type { AnySinkType } from '../component/index.ts';
import { consoleSink } from '../sinks/console/index.ts';
import { fileSink } from '../sinks/file/index.ts';
import { forwardSink } from '../sinks/forward/index.ts';
import { otlpSink } from '../sinks/otlp/index.ts';
import { publishSink } from '../sinks/publish/index.ts';
import { storeSink } from '../sinks/store/index.ts';
import type { Extensions } from './extensions.ts';

/** The built-in types of sinks, in the order of the reference. */
export const sinkTypes = {
  file: fileSink,
  store: storeSink,
  otlp: otlpSink,
  forward: forwardSink,
  publish: publishSink,
  console: consoleSink,
} as const;

/** @throws Error if the type is unknown, which cannot happen for a checked configuration */
export function sinkTypeOf(type: string, { sinkTypes: more = [] }: Extensions): AnySinkType {
  const own: readonly AnySinkType[] = Object.values(sinkTypes);
  const found = [...own, ...more].find((each) => each.type === type);
  if (found === undefined) throw new Error(`unknown type of sink ${JSON.stringify(type)}`);
  return found;
}
