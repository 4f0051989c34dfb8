/** What the process of a processor is given first. */
export interface Beginning {
  /** The URL of the module, or the name of a package. */
  readonly module: string;
  readonly type: string;
  /** The name of the processor in the configuration. */
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** From the process, first when it is ready or not, then once for each request. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'processed'; readonly body: Uint8Array; readonly records: number }
  | { readonly kind: 'failed'; readonly message: string };
