/** `burstlog/register`: starts burstlog on load, for `node --import` and `node --require`. */
export { burstlog } from './setup/register-now.ts';
