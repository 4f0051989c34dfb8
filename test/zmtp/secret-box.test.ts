import fc from 'fast-check';
import { BOX_BYTES, open, seal, sharedKey } from '../../src/zmtp/secret-box.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');

// D. J. Bernstein, "Cryptography in NaCl" (2009), sections 8 and 10.
const shared = bytes('4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742');
const firstKey = bytes('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389');
const nonce = bytes('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37');
const message = bytes(`be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffc
  e5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057
  e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f93776384864
  5e0705`);
const box = bytes(`f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce
  48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738
  b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b3
  7973f622a43d14a6599b1f654cb45a74e355a5`);

function boxOf(key: Uint8Array, number: Uint8Array, text: Uint8Array): Uint8Array {
  const target = new Uint8Array(text.length + BOX_BYTES);
  seal(target, 0, key, number, text);
  return target;
}

test('boxes match those of NaCl', () => {
  expect(Buffer.from(sharedKey(shared))).toEqual(firstKey);
  expect(Buffer.from(boxOf(firstKey, nonce, message))).toEqual(box);
  expect(Buffer.from(open(firstKey, nonce, box) ?? [])).toEqual(message);
});

test('a box opens only unchanged, and with its own key and nonce', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), (text, at) => {
      const sealed = boxOf(firstKey, nonce, text);
      expect(open(firstKey, nonce, sealed)).toEqual(text);
      expect(open(shared, nonce, sealed)).toBeUndefined();
      expect(
        open(
          firstKey,
          nonce.map((byte, index) => byte ^ Number(index === at % 24)),
          sealed,
        ),
      ).toBeUndefined();
      sealed[at % sealed.length]! ^= 1 << (at % 8);
      expect(open(firstKey, nonce, sealed)).toBeUndefined();
    }),
  );
  expect(open(firstKey, nonce, new Uint8Array(15))).toBeUndefined();
});
