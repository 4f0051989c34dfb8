/** An error in a condition, with its column. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
  /** From 1, in UTF-16 code units of the condition. */
  readonly column: number;

  constructor(message: string, column: number) {
    super(`column ${column}: ${message}`);
    this.column = column;
  }
}
