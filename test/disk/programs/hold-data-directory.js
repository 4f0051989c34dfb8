// Opens the given data directory, prints the result, and holds it until it is killed.

const built = new URL('../../../build/disk/index.js', import.meta.url);
const { openDataDirectory } = await import(built.href);

try {
  await openDataDirectory(process.argv[2] ?? '');
  process.stdout.write('held\n');
  setInterval(() => {}, 60_000);
} catch (error) {
  const { code, message } = /** @type {Error & { code: string }} */ (error);
  process.stdout.write(`${code}: ${message}\n`);
}
