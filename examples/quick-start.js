// The set-up is one line. DEBUG records stay in memory until an ERROR releases them.
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor, Severity } from 'burstlog';

// Prints the exported records. A service uses new OTLPLogExporter() here.
const exporter = {
  export(records, done) {
    for (const { severityText, body, attributes } of records) {
      const place = attributes['burst.sequence'];
      console.log(severityText, body, place ? `#${place}` : '');
    }
    done({ code: 0 });
  },
  shutdown: async () => {},
};

const provider = new LoggerProvider({ processors: [new BurstLogRecordProcessor({ exporter })] });

const logger = provider.getLogger('shop');
const log = (name, body) => logger.emit({ severityNumber: Severity[name], severityText: name, body });

log('INFO', 'the shop is open');
log('DEBUG', 'cart loaded, 2 items');
log('DEBUG', 'the price list answered 404');
log('ERROR', 'no price for the cart'); // remove this line, and no DEBUG record is exported
await provider.shutdown();

// Loud records never wait, so the ERROR comes before its burst. The time and burst.sequence define the order.
//
// Output:
// INFO the shop is open
// ERROR no price for the cart
// DEBUG cart loaded, 2 items #1
// DEBUG the price list answered 404 #2
// INFO burst released 2 records (severity), 0 lost
