/** Exit codes, by the names and numbers of BSD's sysexits(3). */
export const OK = 0;
/** Wrong arguments. */
export const USAGE = 64;
/** The input holds no record that can be read, or none of the trace that was asked for. */
export const NO_DATA = 65;
/** A file is not there, or cannot be opened. */
export const NO_INPUT = 66;
