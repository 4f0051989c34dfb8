import { Running, type Wanted } from '../../src/daemon/running.ts';

/** Components that say what becomes of them. */
function components() {
  const said: string[] = [];
  const running = new Running<string>({
    async start(name) {
      if (name.startsWith('bad')) throw new Error(`${name} cannot begin`);
      said.push(`start ${name}`);
    },
    async stop(name) {
      said.push(`stop ${name}`);
    },
  });
  const wanted = (...names: readonly string[]): readonly Wanted<string>[] =>
    names.map((name) => ({
      made: name,
      make() {
        if (name.startsWith('wrong')) throw new Error(`${name} is wrong`);
        return name;
      },
    }));
  return { running, said, take: (...names: readonly string[]) => running.take(wanted(...names), 0) };
}

test('what is made as before keeps running, in the new order; the rest ends before anything begins', async () => {
  const { running, said, take } = components();
  await take('a', 'b', 'c');
  said.length = 0;
  await take('d', 'c', 'a');
  expect(said).toEqual(['stop b', 'start d']);
  expect(running.all).toEqual(['d', 'c', 'a']);
});

test('if one cannot be made, nothing has changed', async () => {
  const { running, said, take } = components();
  await take('a', 'b');
  said.length = 0;
  await expect(take('b', 'wrong')).rejects.toThrow('wrong is wrong');
  expect(said).toEqual([]);
  expect(running.all).toEqual(['a', 'b']);
});

test('if one cannot begin, what kept running and what began before it run; going back begins the rest again', async () => {
  const { running, said, take } = components();
  await take('a', 'b');
  await expect(take('new', 'bad', 'b')).rejects.toThrow('bad cannot begin');
  expect(running.all).toEqual(['new', 'b']);
  said.length = 0;
  await take('a', 'b');
  expect(said).toEqual(['stop new', 'start a']);
  await running.stop(0);
  expect(said.slice(2)).toEqual(['stop a', 'stop b']);
});
