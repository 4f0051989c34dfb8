/** What a condition says, as a tree. Every node knows its column, for messages. */

export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** What has a value: it can be compared, or given to a function. */
export type ValueNode =
  | { readonly kind: 'literal'; readonly column: number; readonly value: Literal }
  | PathNode
  | CallNode;

/** `nil` is null. An integer is a number or, beyond 2^53, a bigint; a float is `{ double }`. */
export type Literal = string | boolean | number | bigint | null | Uint8Array | { readonly double: number };

/** `resource.attributes["service.name"]`: its fields, and the keys behind the last of them. */
export interface PathNode {
  readonly kind: 'path';
  readonly column: number;
  readonly fields: readonly string[];
  readonly keys: readonly (string | number)[];
}

/** `IsMatch(body, "^GET")`. */
export interface CallNode {
  readonly kind: 'call';
  readonly column: number;
  readonly name: string;
  readonly args: readonly ValueNode[];
}

/** What is true or false. */
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
