/** The first message to the process of a processor. */
export interface Beginning {
  /** The URL of the module, or the name of a package. */
  readonly module: string;
  readonly type: string;
  /** The name of the processor in the configuration. */
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A message of the process: first whether it is ready, then one reply per request. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'processed'; readonly body: Uint8Array; readonly records: number }
  | { readonly kind: 'failed'; readonly message: string };
