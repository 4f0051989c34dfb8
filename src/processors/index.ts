export { processorFields } from './options.ts';
export { type ProcessedEntries, ProcessorChain, type ProcessorOptions } from './processor-chain.ts';
export { CHILD_BYTES } from './processor-child.ts';
