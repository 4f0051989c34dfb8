export {
  checkKnown,
  checkObject,
  duration,
  fraction,
  shown,
  trueOrFalse,
  wholeNumber,
  withDefaults,
  withMethods,
} from './checks.ts';
