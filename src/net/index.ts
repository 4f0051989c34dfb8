export {
  collides,
  ipcPath,
  isLoopback,
  type ListenAddress,
  parseHttpUrl,
  parseListenAddress,
  parseZmqEndpoint,
  showAddress,
  zmqAddress,
} from './address.ts';
export {
  type CurveClientKeys,
  type CurveServerKeys,
  checkClientKeys,
  checkServerKeys,
  z85,
} from './curve.ts';
export {
  type CurveKeyPair,
  curvePublicKey,
  decodeZ85,
  encodeZ85,
  newCurveKeyPair,
  parseCurveKey,
} from './curve-key.ts';
export { cannotListen, checkEndpoint, checkFree, checkPrivate, isLocal, untilFree } from './endpoint.ts';
export { listen } from './listen.ts';
export { type LoadedTls, serverTls, tlsSettings } from './server-tls.ts';
