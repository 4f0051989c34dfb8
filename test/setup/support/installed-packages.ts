import { Packages } from '../../../src/setup/packages.ts';

/** An application that has these packages installed, by name. An error among them: it fails to load. */
export function installedPackages(installed: Readonly<Record<string, object>>) {
  const messages: string[] = [];
  const report = (message: string) => void messages.push(message);
  const packages = new Packages(undefined, report);
  const loaded: string[] = [];
  jest.spyOn(packages, 'find').mockImplementation((name) => (name in installed ? `/app/${name}` : undefined));
  jest.spyOn(packages, 'load').mockImplementation((name) => {
    const found = installed[name];
    if (found instanceof Error) throw found;
    if (found !== undefined) loaded.push(name);
    return found as never;
  });
  return { packages, messages, report, loaded };
}
