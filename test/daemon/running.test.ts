import { Running, type Wanted } from '../../src/daemon/running.ts';

/** Components that log their starts and stops. */
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

test('unchanged components keep running, in the new order; the others are stopped before new ones start', async () => {
  const { running, said, take } = components();
  await take('a', 'b', 'c');
  said.length = 0;
  await take('d', 'c', 'a');
  expect(said).toEqual(['stop b', 'start d']);
  expect(running.all).toEqual(['d', 'c', 'a']);
});

test('if one cannot be constructed, nothing has changed', async () => {
  const { running, said, take } = components();
  await take('a', 'b');
  said.length = 0;
  await expect(take('b', 'wrong')).rejects.toThrow('wrong is wrong');
  expect(said).toEqual([]);
  expect(running.all).toEqual(['a', 'b']);
});

test('if one cannot start, the unchanged and the started ones run; going back starts the others again', async () => {
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
