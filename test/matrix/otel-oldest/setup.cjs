// The oldest SDK takes `new SimpleLogRecordProcessor(exporter)`. The tests and examples are written for today's form,
// `new SimpleLogRecordProcessor({ exporter })`, so that form is added here. Nothing of the SDK is changed otherwise.
for (const [file, name] of [
  ['SimpleLogRecordProcessor', 'SimpleLogRecordProcessor'],
  ['../platform/node/export/BatchLogRecordProcessor', 'BatchLogRecordProcessor'],
]) {
  const module = require(`${__dirname}/node_modules/@opentelemetry/sdk-logs/build/src/export/${file}`);
  const Original = module[name];
  module[name] = class extends Original {
    constructor(options) {
      const { exporter, ...rest } = options ?? {};
      if (exporter === undefined) super(options);
      else super(exporter, rest);
    }
  };
  Object.defineProperty(module[name], 'name', { value: name });
}
