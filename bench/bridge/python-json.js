/**
 * Records in the format of Python's distlog, topic `PLJ`: the dictionary of a LogRecord as JSON, about 400
 * bytes, in tasks of ten records.
 *
 * @param {number} count
 * @returns {Buffer[]}
 */
export function pythonJson(count) {
  return Array.from({ length: count }, (_, index) => {
    const task = Math.floor(index / 10);
    const uuid = `5f0c1a52-8d1e-4b5e-9b1a-${task.toString(16).padStart(12, '0')}`;
    return Buffer.from(
      JSON.stringify({
        name: 'shop.orders',
        levelname: 'INFO',
        levelno: 20,
        pathname: '/srv/shop/orders/handlers.py',
        lineno: 118 + (index % 7),
        funcName: 'take_order',
        created: 1_760_000_000 + index / 1_000,
        process: 4_242,
        processName: 'MainProcess',
        thread: 140_245_113_444_160,
        threadName: 'MainThread',
        hostname: 'web-1.example.org',
        message: `order ${index} was taken and goes to the stock`,
        exc_text: null,
        stack_info: null,
        context: { key: `${(index % 10) + 1}@${uuid}/1`, order: index, customer: 'c-104' },
      }),
    );
  });
}
