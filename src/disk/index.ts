export { type DataDirectory, type DataDirectoryError, openDataDirectory } from './data-directory.ts';
export { type DataLayout, dataLayout } from './data-layout.ts';
export { syncDirectory } from './sync-directory.ts';
