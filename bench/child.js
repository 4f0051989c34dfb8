// One side of a trial in its own process: benchmarks in one process affect each other, because shared call
// sites become megamorphic. To run it manually for a profile:
//   node --expose-gc --cpu-prof bench/child.js emit-held '{"side":"ours","held":8192,"scope":"trace",\
//     "capacity":128,"slots":8192}'
const [caseName, settings, repeatsByHand = '9'] = process.argv.slice(2);

const { prepare } = /** @type {import('./case.js').Case} */ (await import(`./cases/${caseName}.js`));
const side = await prepare(JSON.parse(settings ?? '{}'));

if (process.send === undefined) {
  for (let repeat = 0; repeat < Number(repeatsByHand); repeat += 1) console.log(await side.repeat());
  await side.end?.();
} else {
  // Also if the run was killed.
  process.on('disconnect', () => process.exit());
  process.on('message', async (word) => {
    if (word === 'repeat') process.send?.(await side.repeat());
    else {
      await side.end?.();
      process.disconnect();
    }
  });
  process.send('ready');
}
