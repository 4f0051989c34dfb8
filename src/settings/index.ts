export { accept } from './accept.ts';
export {
  checkKnown,
  checkObject,
  duration,
  shown,
  wholeNumber,
  withDefaults,
  withMethods,
} from './checks.ts';
export { atLeast, atMost, exactlyOne, notBoth, together } from './cross-checks.ts';
export {
  bytes,
  choice,
  code,
  converted,
  count,
  flag,
  functions,
  group,
  list,
  map,
  methods,
  millis,
  number,
  parsed,
  path,
  text,
  value,
  variants,
} from './define.ts';
export type {
  AnyField,
  CrossCheck,
  Field,
  Fields,
  FileContents,
  Group,
  GroupData,
  InputOf,
  Inputs,
  ListData,
  MapData,
  NumberData,
  Presence,
  ScalarData,
  TextData,
  ValueOf,
  Values,
  VariantsData,
  Writing,
} from './field.ts';
export { nearest, suggestion } from './nearest.ts';
export { type Form, nearestTo, OptionReader, type Problem, shownKey } from './read.ts';
export { expectedOf, listed, resolve } from './resolve.ts';
