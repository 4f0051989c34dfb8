import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { diag } from '@opentelemetry/api';
import { errorText } from '../record/index.ts';
import { BlackBox, type BlackBoxParts } from './black-box.ts';
import type { ResolvedBurstOptions } from './resolve-options.ts';

/** The magic number of overlayfs in statfs(2). Files on it exist only inside the container. */
const OVERLAY = 0x794c7630;

/**
 * @returns undefined if no black box is configured, or if it cannot be created, which is logged as a warning
 */
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
      `cannot create a black box in ${blackBox.directory}: ${errorText(error)}; the process runs without one`,
    );
    return undefined;
  }
}

function warnOfOverlay(directory: string, warn: (message: string) => void): void {
  let existing = resolve(directory);
  while (!existsSync(existing)) existing = dirname(existing);
  if (statfsSync(existing).type !== OVERLAY) return;
  warn(
    `the black box in ${directory} is on overlayfs and is removed with its container; use a volume or a tmpfs`,
  );
}
