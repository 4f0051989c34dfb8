/** A condition that cannot be used, and where in its text the reason lies. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
  /** From 1, in UTF-16 code units of the condition. */
  readonly column: number;

  constructor(message: string, column: number) {
    super(`column ${column}: ${message}`);
    this.column = column;
  }
}
