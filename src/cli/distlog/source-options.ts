import { FileSource, type RecordSource } from '../../reader/index.ts';
import { usageError } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { Progress } from './progress.ts';

/** The options of all commands that say where records are read from. */
export const sourceOptions: Readonly<Record<never, never>> = {};

/** What the help of these commands says. */
export const sourceDetails: readonly string[] = [
  'Records are read from files and directories (their *.json, *.jsonl, *.ndjson, rotated and gzipped ones too) of',
  'OTLP/JSON, or from standard input (also named -).',
];

/** What a command line says about the source. */
export type GivenSource = Readonly<Record<never, never>>;

/** What a command needs of its source. */
export interface SourceNeed {
  /** It asks more than once, so standard input has to be held in memory. */
  readonly holdsInput?: boolean | undefined;
}

/** What {@link sourceOf} makes. */
export interface OpenedSource {
  readonly source: RecordSource;
  /** Removes what shows how far a long reading is. */
  readonly clear: () => void;
}

/**
 * The source that a command line names: files; else what is piped in.
 * @throws (rejects) CommandError
 */
export async function sourceOf(
  _given: GivenSource,
  files: readonly string[],
  io: Io,
  need: SourceNeed = {},
): Promise<OpenedSource> {
  if (files.length > 0) return filesOf(files, need);
  if (io.hasInput) return filesOf(['-'], need);
  throw usageError('name files or directories, or pipe records in');
}

function filesOf(files: readonly string[], { holdsInput = false }: SourceNeed): OpenedSource {
  const progress = new Progress(process.stderr);
  const onProgress = (records: number, bytes: number) => progress.show(records, bytes);
  return { source: new FileSource({ files, onProgress, holdsInput }), clear: () => progress.clear() };
}
