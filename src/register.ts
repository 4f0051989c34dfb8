/** `burstlog/register`: starts burstlog when it is loaded, for `node --import` and `--require`. */
export { burstlog } from './setup/register-now.ts';
