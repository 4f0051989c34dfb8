export {
  collides,
  isLoopback,
  type ListenAddress,
  parseHttpUrl,
  parseListenAddress,
  showAddress,
} from './address.ts';
export type { CurveClientKeys, CurveServerKeys } from './curve.ts';
export { type CurveKeyPair, curvePublicKey, newCurveKeyPair, parseCurveKey } from './curve-key.ts';
export { checkFree } from './free-endpoint.ts';
export {
  type AccessRefusal,
  accessRefusal,
  type HttpAccess,
  hasToken,
  type RequestTarget,
  requestTarget,
} from './http-access.ts';
export { belongTogether, fileText, keyFiles, publicKeysIn } from './key-files.ts';
export { cannotListen, listen, listenOnSocket } from './listen.ts';
export {
  httpListener,
  httpListenerChecks,
  zmqListener,
  zmqListenerChecks,
} from './listener-options.ts';
export { OpenSockets, type Peer } from './open-sockets.ts';
export { type LoadedTls, serverTls, tlsSettings } from './server-tls.ts';
export { decodeZ85, encodeZ85 } from './z85.ts';
export {
  connectTarget,
  ipcPath,
  isOnThisMachine,
  listenTarget,
  parseZmqEndpoint,
  zmqAddress,
} from './zmq-endpoint.ts';
