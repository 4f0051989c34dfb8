// A task whose rejected promise nobody awaits.
import { task } from '../../../dist/esm/index.js';

const error = new Error('nobody awaits this');
process.on('unhandledRejection', (reason) => console.log(`same error: ${reason === error}`));
task('goal', async () => {
  throw error;
});
