export {
  type DataDirectory,
  type DataDirectoryError,
  type DataLayout,
  dataLayout,
  openDataDirectory,
} from './data-directory.ts';
export { syncDirectory } from './sync-directory.ts';
