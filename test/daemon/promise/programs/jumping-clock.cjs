// Loaded before a program (`node --require`): at each SIGUSR2 its wall clock jumps to the next of CLOCK_JUMPS, a list of
// milliseconds from the true time; the first holds from the start on. Timers go on as before, as they do in a real jump.
const jumps = (process.env.CLOCK_JUMPS ?? '0').split(',').map(Number);
const trueNow = Date.now;
let offset = jumps.shift() ?? 0;

Date.now = () => trueNow() + offset;
process.on('SIGUSR2', () => {
  offset = jumps.shift() ?? offset;
  process.stderr.write(`the clock shows ${new Date(Date.now()).toISOString()} now\n`);
});
