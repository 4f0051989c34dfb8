import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { setupFiles: ['burstlog/testing/vitest'] },
});
