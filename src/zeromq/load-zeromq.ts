import { createRequire } from 'node:module';
import type * as ZeroMq from 'zeromq';

/** The package `zeromq`, as far as this room uses it. */
export type ZeroMqLibrary = typeof ZeroMq;

/**
 * Loads the package `zeromq` when the first socket is wanted, so that whoever only imports this room needs no
 * native addon.
 * @throws Error that says what to install
 */
export function loadZeromq(): ZeroMqLibrary {
  try {
    return createRequire(ownFile())('zeromq') as ZeroMqLibrary;
  } catch (error) {
    throw new Error(
      'the package zeromq could not be loaded: run `npm install zeromq` (6.8 or later of line 6; it brings ' +
        'binaries for Linux, macOS and Windows, on other systems it is compiled)',
      { cause: error },
    );
  }
}

/**
 * The path of this file, from where packages are looked for. An ES module has no `__filename`, and what it has
 * instead does not compile to CommonJS: there the engine is asked who is calling.
 */
function ownFile(): string {
  if (typeof __filename === 'string') return __filename;
  const prepare = Error.prepareStackTrace;
  try {
    Error.prepareStackTrace = (_error, sites) => sites[0]?.getFileName();
    const file: unknown = new Error().stack;
    if (typeof file === 'string') return file;
  } catch {
    // The engine does not let us: frozen intrinsics.
  } finally {
    Error.prepareStackTrace = prepare;
  }
  return `${process.cwd()}/`;
}
