import { type Notice, ReaderError, type ReaderErrorKind } from '../../reader/index.ts';
import { counted } from '../../text/index.ts';
import { type CommandError, commandError, ExitCode } from '../exit-code.ts';
import type { Io } from '../io.ts';

const CODES: Readonly<Record<ReaderErrorKind, ExitCode>> = {
  not_found: ExitCode.NO_INPUT,
  unavailable: ExitCode.UNAVAILABLE,
  refused: ExitCode.REFUSED,
  query: ExitCode.USAGE,
  cut: ExitCode.UNAVAILABLE,
  answer: ExitCode.UNAVAILABLE,
};

/**
 * Runs a command with a source. Notices of the source are written to standard error; its errors become errors
 * of the command.
 * @throws (rejects) CommandError
 */
export async function reading(
  io: Io,
  read: (signal: AbortSignal, onNotice: (notice: Notice) => void) => Promise<ExitCode>,
  signal: AbortSignal = new AbortController().signal,
): Promise<ExitCode> {
  try {
    return await read(signal, (notice) => {
      if (notice.notice === 'missed') {
        io.err(
          `distlog: ${counted(notice.records, 'record')} missed: they arrived faster than they were read`,
        );
      } else if (notice.notice === 'problem') io.err(`distlog: ${notice.message}`);
    });
  } catch (error) {
    throw error instanceof ReaderError ? asCommandError(error) : error;
  }
}

function asCommandError({ kind, message }: ReaderError): CommandError {
  return commandError(CODES[kind], message);
}
