export { BoxReceiver, type BoxReceiverTools } from './box-receiver.ts';
export { type BoxReceiverOptions, boxOptions } from './options.ts';
