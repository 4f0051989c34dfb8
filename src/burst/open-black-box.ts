import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { diag } from '@opentelemetry/api';
import { errorText } from '../record/index.ts';
import { BlackBox, type BlackBoxParts } from './black-box.ts';
import type { ResolvedBurstOptions } from './resolve-options.ts';

/** The magic number of overlayfs, statfs(2): where the files of a container lie that are nowhere else. */
const OVERLAY = 0x794c7630;

/** @returns undefined where none is asked for, and where none can be made: then the process runs without */
export function openBlackBox<T>(
  component: string,
  { blackBox, bounds, clock }: Pick<ResolvedBurstOptions, 'blackBox' | 'bounds' | 'clock'>,
  front: Pick<BlackBoxParts<T>, 'hasEnded' | 'holding' | 'readable'>,
): BlackBox<T> | undefined {
  if (blackBox === undefined) return undefined;
  const warn = (message: string) => diag.warn(`${component}: ${message}`);
  try {
    warnOfOverlay(blackBox.directory, warn);
    return new BlackBox({ ...front, options: blackBox, bounds, clock, warn });
  } catch (error) {
    warn(
      `no black box can be made in ${blackBox.directory}, the process runs without one: ${errorText(error)}`,
    );
    return undefined;
  }
}

function warnOfOverlay(directory: string, warn: (message: string) => void): void {
  let existing = resolve(directory);
  while (!existsSync(existing)) existing = dirname(existing);
  if (statfsSync(existing).type !== OVERLAY) return;
  warn(
    `the black box in ${directory} lies on overlayfs: it dies with its container; use a volume or a tmpfs`,
  );
}
