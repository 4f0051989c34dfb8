/** The syntax tree of a condition. Every node has its column, for messages. */

export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** An expression with a value, which can be compared or passed to a function. */
export type ValueNode =
  | { readonly kind: 'literal'; readonly column: number; readonly value: Literal }
  | PathNode
  | CallNode;

/** `nil` is null. An integer is a number or, beyond 2^53, a bigint; a float is `{ double }`. */
export type Literal = string | boolean | number | bigint | null | Uint8Array | { readonly double: number };

/** A path such as `resource.attributes["service.name"]`: its fields, and the keys after the last field. */
export interface PathNode {
  readonly kind: 'path';
  readonly column: number;
  readonly fields: readonly string[];
  readonly keys: readonly (string | number)[];
}

/** A call such as `IsMatch(body, "^GET")`. */
export interface CallNode {
  readonly kind: 'call';
  readonly column: number;
  readonly name: string;
  readonly args: readonly ValueNode[];
}

/** A boolean expression. */
export type BooleanNode =
  | { readonly kind: 'and' | 'or'; readonly column: number; readonly parts: readonly BooleanNode[] }
  | { readonly kind: 'not'; readonly column: number; readonly part: BooleanNode }
  | { readonly kind: 'constant'; readonly column: number; readonly value: boolean }
  | { readonly kind: 'test'; readonly column: number; readonly call: CallNode }
  | {
      readonly kind: 'compare';
      readonly column: number;
      readonly operator: Operator;
      readonly left: ValueNode;
      readonly right: ValueNode;
    };
